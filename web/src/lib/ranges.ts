/** The lowest and the highest values of metrics, as far as the server was asked for them. */

export interface ValueRange {
  min: number;
  max: number;
}

interface Entry {
  /** The last point that was known when the server was asked; with another one, the range may be another. */
  stamp: string;
  range?: ValueRange;
}

/** Beyond that, what was asked for first is forgotten: a page may be open for weeks. */
const MOST = 100_000;
const known = new Map<string, Entry>();
const key = (runId: string, metric: string) => `${runId} ${metric}`;

export function rangeOf(runId: string, metric: string): ValueRange | undefined {
  return known.get(key(runId, metric))?.range;
}

/** Whether the range is known of a metric whose last point is this. */
export function hasRange(runId: string, metric: string, stamp: string): boolean {
  return known.get(key(runId, metric))?.stamp === stamp;
}

export function keepRange(runId: string, metric: string, stamp: string, range: ValueRange | undefined): void {
  if (known.size >= MOST) for (const old of [...known.keys()].slice(0, MOST / 10)) known.delete(old);
  known.set(key(runId, metric), { stamp, range });
}
