/** Asks the server for lowest and highest values, and tells who shows them. */
import { metricRanges } from "../api/runs";
import { type Column, type Row, isRange, stampOf } from "./columns";
import { keepRange, knowledge } from "./ranges";

/** Runs that one request names: the server reads all their points. */
const AT_ONCE = 25;

let version = 0;
const listeners = new Set<() => void>();
/** Runs with the metrics that are on their way. */
const asked = new Set<string>();

/** Another number whenever more is known. */
export const rangesVersion = () => version;

export function onRanges(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The metrics of columns that show lowest or highest values. */
export function rangeMetrics(columns: Column[]): string[] {
  return [...new Set(columns.filter(isRange).map((item) => item.key))];
}

/**
 * Fetches ranges that are not known yet, a few runs at a time; those of a run that goes on, again after a while. Tells
 * whether there are some of those.
 */
export async function fetchRanges(metrics: string[], rows: Row[]): Promise<boolean> {
  let later = false;
  const now = Date.now();
  const missing = rows.flatMap((row) => {
    const keys = metrics.filter((metric) => {
      if (!row.metrics.has(metric) || row.rangeOf?.(metric)) return false;
      const known = knowledge(row.id, metric, stampOf(row, metric), now);
      later ||= known === "for now";
      return known === "none";
    });
    const name = `${row.id} ${keys.join(" ")}`;
    return keys.length && !asked.has(name) ? [{ row, keys, name }] : [];
  });
  for (const { name } of missing) asked.add(name);
  for (let at = 0; at < missing.length; at += AT_ONCE) {
    const part = missing.slice(at, at + AT_ONCE);
    try {
      const found = await metricRanges(part.map(({ row }) => row.id), [...new Set(part.flatMap(({ keys }) => keys))]);
      for (const { row, keys } of part) {
        for (const metric of keys) {
          const range = found.find((item) => item.run_id === row.id && item.key === metric);
          keepRange(row.id, metric, stampOf(row, metric), range && { min: Number(range.min), max: Number(range.max) });
        }
      }
      version += 1;
      for (const listener of listeners) listener();
    } catch {
      // Cells stay empty; the next look asks again.
    } finally {
      for (const { name } of part) asked.delete(name);
    }
  }
  return later;
}
