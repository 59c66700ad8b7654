import { useEffect, useSyncExternalStore } from "react";
import type { Row } from "../../lib/columns";
import { fetchRanges, onRanges, rangesVersion } from "../../lib/fetchRanges";
import { AGAIN_MS } from "../../lib/ranges";

/** Rows that only fly by while somebody scrolls are not worth a question. */
const REST_MS = 120;

/** Sees to it that the ranges of these rows get known, and tells by another number when some did. */
export function useRanges(metrics: string[], rows: Row[]): number {
  const version = useSyncExternalStore(onRanges, rangesVersion);
  const wanted = metrics.join("\n");
  useEffect(() => {
    if (!wanted) return;
    let timer = setTimeout(() => void look(), REST_MS);
    let gone = false;
    const look = async () => {
      const later = await fetchRanges(wanted.split("\n"), rows);
      if (later && !gone) timer = setTimeout(() => void look(), AGAIN_MS);
    };
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [wanted, rows]);
  return version;
}
