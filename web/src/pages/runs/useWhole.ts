import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import { run } from "../../api/runs";
import type { Run } from "../../api/types";
import { type Row, toRow } from "../../lib/columns";

/** The rows, and those of a few more runs that are wanted, with everything that is known of them. */
export function useWhole(rows: Row[], wanted: ReadonlySet<string>, enabled: boolean): Row[] {
  const missing = useMemo(() => {
    if (!enabled) return [];
    const known = new Set(rows.map(({ id }) => id));
    return [...wanted].filter((id) => !known.has(id));
  }, [rows, wanted, enabled]);
  const found = useQueries({
    queries: missing.map((id) => ({ queryKey: ["run", id], queryFn: () => run(id), staleTime: 30_000 })),
    combine: (results) => results.map(({ data }) => data).filter((data): data is Run => data !== undefined),
  });
  return useMemo(() => (found.length ? [...rows, ...found.map(toRow)] : rows), [rows, found]);
}
