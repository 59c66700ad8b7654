import { useEffect, useSyncExternalStore } from "react";
import type { Row } from "../../lib/columns";
import { fetchRanges, onRanges, rangesVersion } from "../../lib/fetchRanges";

/** Rows that only fly by while somebody scrolls are not worth a question. */
const REST_MS = 120;

/** Sees to it that the ranges of these rows get known, and tells by another number when some did. */
export function useRanges(metrics: string[], rows: Row[]): number {
  const version = useSyncExternalStore(onRanges, rangesVersion);
  const wanted = metrics.join("\n");
  useEffect(() => {
    if (!wanted) return;
    const timer = setTimeout(() => void fetchRanges(wanted.split("\n"), rows), REST_MS);
    return () => clearTimeout(timer);
  }, [wanted, rows]);
  return version;
}
