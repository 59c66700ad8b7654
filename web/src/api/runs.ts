import { get, oxflow, post } from "./client";
import type { History, MetricRange, Run, RunStatus, RunTable } from "./types";

export interface RunSearch {
  experimentIds: string[];
  filter: string;
  orderBy: string[];
  deleted: boolean;
}

export interface RunPage {
  runs?: Run[];
  next_page_token?: string;
}

export function searchRuns(search: RunSearch, limit: number, token?: string, signal?: AbortSignal): Promise<RunPage> {
  return post(
    "runs/search",
    {
      experiment_ids: search.experimentIds,
      filter: search.filter || undefined,
      order_by: search.orderBy.length ? search.orderBy : undefined,
      run_view_type: search.deleted ? "DELETED_ONLY" : "ACTIVE_ONLY",
      max_results: limit,
      page_token: token,
    },
    signal,
  ) as Promise<RunPage>;
}

/** The columns that a table of many runs is asked for. */
export interface RunColumns {
  metrics: string[];
  /** Metrics whose lowest and highest values are wanted, for which the server reads all points. */
  ranges: string[];
  params: string[];
  tags: string[];
  datasets: boolean;
}

export function runTable(search: RunSearch, columns: RunColumns, limit: number, token?: string, signal?: AbortSignal): Promise<RunTable> {
  return oxflow.post(
    "runs/table",
    {
      experiment_ids: search.experimentIds,
      filter: search.filter || undefined,
      order_by: search.orderBy.length ? search.orderBy : undefined,
      run_view_type: search.deleted ? "DELETED_ONLY" : "ACTIVE_ONLY",
      max_results: limit,
      page_token: token,
      metric_keys: columns.metrics,
      range_keys: columns.ranges,
      param_keys: columns.params,
      tag_keys: columns.tags,
      with_datasets: columns.datasets,
    },
    signal,
  ) as Promise<RunTable>;
}

/** Everything a search finds, up to `most` runs. */
export async function allRuns(search: RunSearch, most: number): Promise<Run[]> {
  const found: Run[] = [];
  let token: string | undefined;
  do {
    const page: RunPage = await searchRuns(search, Math.min(1000, most - found.length), token);
    found.push(...(page.runs ?? []));
    token = page.next_page_token;
  } while (token && found.length < most);
  return found;
}

export async function run(id: string, signal?: AbortSignal): Promise<Run> {
  return (await get("runs/get", { run_id: id }, signal)).run as Run;
}

export const deleteRun = (id: string) => post("runs/delete", { run_id: id });
export const restoreRun = (id: string) => post("runs/restore", { run_id: id });
export const renameRun = (id: string, name: string) => post("runs/update", { run_id: id, run_name: name });
export const setRunStatus = (id: string, status: RunStatus) =>
  post("runs/update", { run_id: id, status, end_time: status === "RUNNING" ? undefined : Date.now() });
export const setRunTag = (id: string, key: string, value: string) => post("runs/set-tag", { run_id: id, key, value });
export const deleteRunTag = (id: string, key: string) => post("runs/delete-tag", { run_id: id, key });

/** Runs that one request for histories may name. */
const MOST_RUNS = 100;

interface HistoryRange {
  /** How many points of a run are enough. */
  points: number;
  steps?: [number, number];
  timestamps: boolean;
}

/** Histories of a metric of some runs, thinned out by the server. */
export async function histories(runIds: string[], key: string, { points, steps, timestamps }: HistoryRange, signal?: AbortSignal): Promise<History[]> {
  const parts: Promise<{ curves?: History[] }>[] = [];
  for (let at = 0; at < runIds.length; at += MOST_RUNS) {
    const query = {
      run_ids: runIds.slice(at, at + MOST_RUNS),
      metric_key: key,
      max_results: points,
      start_step: steps?.[0],
      end_step: steps?.[1],
      with_timestamps: timestamps || undefined,
    };
    parts.push(oxflow.get("metrics/curves", query, signal) as Promise<{ curves?: History[] }>);
  }
  return (await Promise.all(parts)).flatMap((part) => part.curves ?? []);
}

/** The lowest and the highest values of metrics of some runs; the server reads all their points for that. */
export async function metricRanges(runIds: string[], keys: string[]): Promise<MetricRange[]> {
  const found: MetricRange[] = [];
  for (let at = 0; at < keys.length; at += MOST_RUNS) {
    const answer = await oxflow.get("metrics/ranges", { run_ids: runIds, metric_keys: keys.slice(at, at + MOST_RUNS) });
    found.push(...((answer.ranges ?? []) as MetricRange[]));
  }
  return found;
}
