/** The lowest and the highest values of metrics, as far as the server was asked for them. */

export interface ValueRange {
  min: number;
  max: number;
}

interface Entry {
  /** The last point that was known when the server was asked; with another one, the range may be another. */
  stamp: string;
  /** When that was. */
  at: number;
  range?: ValueRange;
}

/** How soon the server is asked again about a run that goes on: it reads all points for an answer. */
export const AGAIN_MS = 10_000;

/** Beyond that, what was asked for first is forgotten: a page may be open for weeks. */
const MOST = 100_000;
const known = new Map<string, Entry>();
const key = (runId: string, metric: string) => `${runId} ${metric}`;

export function rangeOf(runId: string, metric: string): ValueRange | undefined {
  return known.get(key(runId, metric))?.range;
}

/** How well a range is known of a metric whose last point is this: for now, where one was asked for a moment ago. */
export function knowledge(runId: string, metric: string, stamp: string, now: number): "known" | "for now" | "none" {
  const entry = known.get(key(runId, metric));
  if (entry?.stamp === stamp) return "known";
  return entry && now - entry.at < AGAIN_MS ? "for now" : "none";
}

export function keepRange(runId: string, metric: string, stamp: string, range: ValueRange | undefined): void {
  if (known.size >= MOST) for (const old of [...known.keys()].slice(0, MOST / 10)) known.delete(old);
  known.set(key(runId, metric), { stamp, at: Date.now(), range });
}
