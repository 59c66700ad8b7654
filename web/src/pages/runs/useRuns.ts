import { type InfiniteData, type QueryClient, keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { type RunPage, type RunSearch, searchRuns } from "../../api/runs";
import type { Run } from "../../api/types";
import { type Row, column, orderKey, toRow } from "../../lib/columns";
import type { ViewState } from "../../lib/viewState";

/** Enough for a tall screen, and few enough to be there at once when runs have a hundred metrics. */
const PAGE = 100;

const rows = new WeakMap<Run, Row>();

function rowOf(run: Run): Row {
  let row = rows.get(run);
  if (!row) rows.set(run, (row = toRow(run)));
  return row;
}

/** The order in the server's words. */
export function orderBy(sort: string): string[] {
  const key = orderKey(column(sort.replace(/^-/, "")));
  return key ? [`${key} ${sort.startsWith("-") ? "DESC" : "ASC"}`] : [];
}

export function searchOf(experimentIds: string[], state: ViewState): RunSearch {
  return { experimentIds, filter: state.filter, orderBy: orderBy(state.sort), deleted: state.deleted };
}

export const runsKey = (search: RunSearch) => ["runs", search.experimentIds, search.filter, search.orderBy, search.deleted];

/** The runs of a search, page by page. */
export function useRuns(search: RunSearch) {
  const query = useInfiniteQuery({
    queryKey: runsKey(search),
    queryFn: ({ pageParam, signal }) => searchRuns(search, PAGE, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_page_token || undefined,
    // While a new filter is on its way, the rows stay.
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });
  // A filter that turns out to be wrong has no rows; those of the last right one stay.
  const [kept, setKept] = useState(query.data);
  if (query.data && query.data !== kept) setKept(query.data);
  const data = query.data ?? kept;
  const found = useMemo(() => {
    const seen = new Set<string>();
    const list: Row[] = [];
    for (const run of data?.pages.flatMap((page) => page.runs ?? []) ?? []) {
      // A run that was created meanwhile moves the others to the next page.
      if (seen.has(run.info.run_id)) continue;
      seen.add(run.info.run_id);
      list.push(rowOf(run));
    }
    return list;
  }, [data]);
  return { ...query, rows: found };
}

/** Puts fresh runs in the place of known ones. */
export function patchRuns(client: QueryClient, fresh: Run[]): void {
  const byId = new Map(fresh.map((run) => [run.info.run_id, run]));
  for (const query of client.getQueryCache().findAll({ queryKey: ["runs"] })) {
    // One that is to be asked for again when it is next seen would count as fresh after this.
    if (query.state.isInvalidated && !query.isActive()) continue;
    client.setQueryData<InfiniteData<RunPage>>(query.queryKey, (data) => {
      if (!data?.pages.some((page) => page.runs?.some((run) => byId.has(run.info.run_id)))) return undefined;
      const pages = data.pages.map((page) => ({ ...page, runs: page.runs?.map((run) => byId.get(run.info.run_id) ?? run) }));
      return { ...data, pages };
    });
  }
}

/** Puts what a first page finds now on top of what is there. */
export function mergeFirstPage(client: QueryClient, search: RunSearch, fresh: RunPage): void {
  client.setQueryData<InfiniteData<RunPage>>(runsKey(search), (data) => {
    if (!data) return data;
    const [first, ...others] = data.pages;
    if (!first) return data;
    const known = new Set(fresh.runs?.map((run) => run.info.run_id));
    const pushed = (first.runs ?? []).filter((run) => !known.has(run.info.run_id));
    // With a single page, runs that are gone must go; with more, they were pushed down.
    const runs = others.length || fresh.next_page_token ? [...(fresh.runs ?? []), ...pushed] : (fresh.runs ?? []);
    return { ...data, pages: [{ ...first, runs, next_page_token: others.length ? first.next_page_token : fresh.next_page_token }, ...others] };
  });
}
