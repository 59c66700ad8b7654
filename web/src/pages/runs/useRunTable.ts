import { type QueryClient, useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { type RunColumns, type RunSearch, runTable } from "../../api/runs";
import type { Row } from "../../lib/columns";
import { rowsOf, withWhole } from "../../lib/runTable";

/** Runs that are arranged at most. */
export const MOST_ARRANGED = 100_000;
/** Runs of one answer; fewer where the server has to read all their points. */
const PAGE = 10_000;
const PAGE_WITH_RANGES = 1000;
/** How soon all of it is read again while runs go on. */
const AGAIN_MS = 15_000;

/**
 * All runs of a search with some of their columns, for what is made of all of them: groups, trees, and orders that the
 * server does not know. `whole` are the rows that are there anyway.
 */
export function useRunTable(search: RunSearch, columns: RunColumns, whole: Row[], enabled: boolean) {
  const key = ["runTable", search.experimentIds, search.filter, search.orderBy, search.deleted, columns];
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: async ({ pageParam, signal }) => {
      const answer = await runTable(search, columns, columns.ranges.length ? PAGE_WITH_RANGES : PAGE, pageParam, signal);
      return { rows: rowsOf(answer), next: answer.next_page_token || undefined };
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page, pages) => (pages.reduce((sum, { rows }) => sum + rows.length, 0) < MOST_ARRANGED ? page.next : undefined),
    // With another column, the rows stay until they are there again; those of another search are other rows.
    placeholderData: (previous, before) => (before && isSameSearch(before.queryKey, key) ? previous : undefined),
    staleTime: 60_000,
    gcTime: 30_000,
    structuralSharing: false,
    enabled,
  });
  const { data, hasNextPage, isFetchingNextPage, isPlaceholderData, error, fetchNextPage } = query;
  useEffect(() => {
    if (enabled && hasNextPage && !isFetchingNextPage && !isPlaceholderData && !error) void fetchNextPage();
  }, [enabled, hasNextPage, isFetchingNextPage, isPlaceholderData, error, fetchNextPage]);
  const many = useMemo(() => data?.pages.flatMap(({ rows }) => rows), [data]);
  const rows = useMemo(() => (enabled && many ? withWhole(many, whole) : whole), [enabled, many, whole]);
  const last = data?.pages[data.pages.length - 1];
  return { rows, error, reading: enabled && !error && (!data || hasNextPage || isPlaceholderData), cut: Boolean(enabled && last?.next && !hasNextPage) };
}

/** Whether two keys differ in their columns at most, which come last. */
function isSameSearch(one: readonly unknown[], other: readonly unknown[]): boolean {
  return JSON.stringify(one.slice(0, -1)) === JSON.stringify(other.slice(0, -1));
}

let timer: ReturnType<typeof setTimeout> | undefined;

/** Reads tables again, but not now: runs that go on change all the time. */
export function refreshTables(client: QueryClient): void {
  timer ??= setTimeout(() => {
    timer = undefined;
    void client.invalidateQueries({ queryKey: ["runTable"] });
  }, AGAIN_MS);
}
