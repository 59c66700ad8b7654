/** The columns of the table of runs. A column is known by a text such as `metric:val/loss`. */
import type { Run } from "../api/types";
import { toNumber } from "./format";
import { type ValueRange, rangeOf } from "./ranges";

/** `min` and `max` are the lowest and the highest value of a metric; `metric` is the last one. */
export type ColumnKind = "attribute" | "param" | "metric" | "min" | "max" | "tag";

export interface Column {
  id: string;
  kind: ColumnKind;
  key: string;
  label: string;
}

export const ATTRIBUTES: Record<string, string> = {
  start_time: "Started",
  duration: "Duration",
  status: "Status",
  user: "User",
  run_id: "Run ID",
  end_time: "Ended",
  source: "Source",
  dataset: "Dataset",
  commit: "Commit",
};

export const GROUPS: [ColumnKind, string][] = [
  ["attribute", "Attributes"],
  ["metric", "Metrics"],
  ["param", "Params"],
  ["tag", "Tags"],
];

export function column(id: string): Column {
  const at = id.indexOf(":");
  const kind = id.slice(0, at) as ColumnKind;
  const key = id.slice(at + 1);
  return { id, kind, key, label: kind === "attribute" ? (ATTRIBUTES[key] ?? key) : isRangeKind(kind) ? `${kind} ${key}` : key };
}

const isRangeKind = (kind: ColumnKind) => kind === "min" || kind === "max";

/** Whether a column shows the lowest or the highest value of a metric. */
export function isRange({ kind }: Pick<Column, "kind">): boolean {
  return isRangeKind(kind);
}

/** Attributes whose order is made here, of all runs, as the server has none by them. */
const ORDERED_HERE = ["duration", "dataset"];

/** Whether the pages put runs in the order of a column, rather than the server. */
export function isOrderedHere(column: Pick<Column, "kind" | "key">): boolean {
  return isRange(column) || (column.kind === "attribute" && ORDERED_HERE.includes(column.key));
}

/** What tells one last point of a metric from another. */
export function stampOf(row: Row, metric: string): string {
  const last = row.run.data?.metrics?.find((item) => item.key === metric);
  return last ? `${last.step ?? 0} ${last.timestamp}` : "";
}

/** Tags that are only of use to programs, or are shown in other ways. */
export function isPlainTag(key: string): boolean {
  return !/^(mlflow\.|_mlflow_)/.test(key);
}

export function isSystemMetric(key: string): boolean {
  return key.startsWith("system/");
}

/** By name; what the machine did comes last. */
export function byKey(a: string, b: string): number {
  return Number(isSystemMetric(a)) - Number(isSystemMetric(b)) || a.localeCompare(b);
}

/** What a run has by key. */
export type Values<T> = Pick<ReadonlyMap<string, T>, "get" | "has" | "keys">;

/** A run with its data by key, so that a cell costs one look-up. */
export interface Row {
  run: Run;
  id: string;
  name: string;
  metrics: Values<number>;
  params: Values<string>;
  tags: Values<string>;
  /** Whether only some columns of the run are known, such as those in sight. */
  partial?: boolean;
  /** The lowest and the highest value of a metric, if those came with the row. */
  rangeOf?: (metric: string) => ValueRange | undefined;
}

/** A row of which everything is known. */
export interface WholeRow extends Row {
  metrics: Map<string, number>;
  params: Map<string, string>;
  tags: Map<string, string>;
}

export function toRow(run: Run): WholeRow {
  const metrics = new Map<string, number>();
  for (const metric of run.data?.metrics ?? []) metrics.set(metric.key, toNumber(metric.value));
  const text = (pairs: { key: string; value: string }[] = []) => new Map(pairs.map(({ key, value }) => [key, value ?? ""]));
  return {
    run,
    id: run.info.run_id,
    name: run.info.run_name || run.info.run_id.slice(0, 8),
    metrics,
    params: text(run.data?.params),
    tags: text(run.data?.tags),
  };
}

/** What stands in a cell: a number, a text, or nothing. */
export function cellValue(row: Row, column: Column): number | string | undefined {
  switch (column.kind) {
    case "metric":
      return row.metrics.get(column.key);
    case "min":
    case "max":
      return extreme(row, column.key, column.kind);
    case "param":
      return row.params.get(column.key);
    case "tag":
      return row.tags.get(column.key);
    case "attribute":
      return attribute(row, column.key);
  }
}

/** The lowest or the highest value that is known; the last one may be newer than what the server was asked for. */
export function extreme(row: Row, metric: string, kind: "min" | "max"): number | undefined {
  const range = row.rangeOf?.(metric) ?? rangeOf(row.id, metric);
  const last = row.metrics.get(metric);
  if (!range || last === undefined || Number.isNaN(last)) return range?.[kind];
  return Math[kind](range[kind], last);
}

function attribute(row: Row, key: string): number | string | undefined {
  const info = row.run.info;
  switch (key) {
    case "start_time":
      return info.start_time || undefined;
    case "end_time":
      return info.end_time || undefined;
    case "duration":
      return info.start_time && info.end_time ? info.end_time - info.start_time : undefined;
    case "status":
      return info.status;
    case "user":
      return row.tags.get("mlflow.user") ?? info.user_id;
    case "run_id":
      return info.run_id;
    case "source":
      return row.tags.get("mlflow.source.name");
    case "commit":
      return row.tags.get("mlflow.source.git.commit")?.slice(0, 8);
    case "dataset":
      return row.run.inputs?.dataset_inputs?.map(({ dataset }) => dataset.name).join(", ") || undefined;
    default:
      return undefined;
  }
}

/** What the server orders by; `undefined` for what it cannot. */
export function orderKey(column: Column): string | undefined {
  const quote = (key: string) => `\`${key.replaceAll("`", "")}\``;
  switch (column.kind) {
    case "metric":
      return `metrics.${quote(column.key)}`;
    case "param":
      return `params.${quote(column.key)}`;
    case "tag":
      return `tags.${quote(column.key)}`;
    case "attribute":
      if (column.key === "user") return "tags.`mlflow.user`";
      if (column.key === "source") return "tags.`mlflow.source.name`";
      if (column.key === "commit") return "tags.`mlflow.source.git.commit`";
      if (["start_time", "end_time", "status", "run_id", "run_name"].includes(column.key)) return `attributes.${column.key}`;
      return undefined;
    case "min":
    case "max":
      return undefined;
  }
}

interface Keys {
  rows: Row[];
  metric: Set<string>;
  param: Set<string>;
  tag: Set<string>;
}

let lastKeys: Keys | undefined;

/** The keys that some rows have. While more rows come in below the others, only those are looked at. */
function keysOf(rows: Row[]): Keys {
  const isMore = lastKeys !== undefined && lastKeys.rows.length <= rows.length && lastKeys.rows.every((row, at) => row === rows[at]);
  const known = isMore ? lastKeys : undefined;
  const keys: Keys = { metric: new Set(), param: new Set(), tag: new Set(), ...known, rows };
  for (const row of rows.slice(known?.rows.length ?? 0)) {
    for (const key of row.metrics.keys()) keys.metric.add(key);
    for (const key of row.params.keys()) keys.param.add(key);
    for (const key of row.tags.keys()) if (isPlainTag(key)) keys.tag.add(key);
  }
  lastKeys = keys;
  return keys;
}

/** All columns that some rows have something for. */
export function columnsOf(rows: Row[]): Column[] {
  const keys = keysOf(rows);
  const sorted = (kind: "metric" | "param" | "tag") => [...keys[kind]].sort(byKey).map((key) => column(`${kind}:${key}`));
  const attributes = Object.keys(ATTRIBUTES).map((key) => column(`attribute:${key}`));
  return [...attributes, ...sorted("metric"), ...sorted("param"), ...sorted("tag")];
}

/** Whether a metric tells how good a model is, rather than how its training went. */
export function isEvaluation(key: string): boolean {
  return /(^|[/_.-])(val|valid|validation|test|eval)([/_.-]|$)/i.test(key);
}

/** Rows in an order that the server does not know; those without a value come last. A run that goes on has lasted until `now`. */
export function sortedHere(rows: Row[], sort: string, now: number): Row[] {
  const item = column(sort.replace(/^-/, ""));
  const sign = sort.startsWith("-") ? -1 : 1;
  const valued = rows.map((row) => ({ row, value: orderValue(row, item, now) }));
  valued.sort(({ value: left }, { value: right }) => {
    if (left === undefined || right === undefined) return Number(left === undefined) - Number(right === undefined);
    return sign * (typeof left === "number" && typeof right === "number" ? left - right : TEXTS.compare(String(left), String(right)));
  });
  return valued.map(({ row }) => row);
}

/** Made once: it is what takes time when texts are compared. */
const TEXTS = new Intl.Collator(undefined, { numeric: true });

function orderValue(row: Row, item: Column, now: number): number | string | undefined {
  const { status, start_time: start } = row.run.info;
  if (item.id === "attribute:duration" && status === "RUNNING" && start) return now - start;
  return cellValue(row, item);
}

const SHOWN_ATTRIBUTES = ["attribute:start_time", "attribute:duration", "attribute:user"];

/** What is shown before anybody chose: what differs between runs first, and not too much of it. */
export function defaultColumns(columns: Column[], rows: Row[]): string[] {
  const differs = (item: Column) => new Set(rows.slice(0, 200).map((row) => cellValue(row, item))).size > 1;
  const coverage = (item: Column) => rows.slice(0, 200).filter((row) => row.metrics.has(item.key)).length;
  const metrics = columns
    .filter((item) => item.kind === "metric" && !isSystemMetric(item.key))
    .map((item) => ({ item, count: coverage(item) }))
    .sort((a, b) => b.count - a.count || Number(isEvaluation(b.item.key)) - Number(isEvaluation(a.item.key)))
    .slice(0, 8)
    .map(({ item }) => item);
  const params = columns.filter((item) => item.kind === "param");
  const useful = rows.length > 1 ? params.filter(differs) : params;
  return [...SHOWN_ATTRIBUTES, ...metrics.map((item) => item.id), ...useful.slice(0, 8).map((item) => item.id)];
}

/** Those of the columns in which rows differ. */
export function differing(columns: Column[], rows: Row[]): Column[] {
  return columns.filter((item) => item.kind === "attribute" || new Set(rows.map((row) => cellValue(row, item))).size > 1);
}
