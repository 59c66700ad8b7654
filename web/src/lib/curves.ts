/** From points of a history to the columns that a chart draws. */
import type { History } from "../api/types";
import { toNumber } from "./format";
import { smooth } from "./smooth";
import type { XAxis } from "./viewState";

export interface Curve {
  runId: string;
  xs: number[];
  ys: number[];
  /** Of the mean of a group: the lowest and the highest of its runs. */
  low?: number[];
  high?: number[];
}

/** The curves of runs, each in the order of its x. */
export function curvesOf(histories: History[], xAxis: XAxis, starts: Map<string, number>): Curve[] {
  return histories.map(({ run_id: runId, steps, values, timestamps = [] }) => {
    const start = starts.get(runId) ?? timestamps.reduce((least, time) => Math.min(least, time), Infinity);
    const x = (at: number) => {
      if (xAxis === "step") return steps[at] as number;
      const time = timestamps[at] ?? NaN;
      return xAxis === "time" ? time / 1000 : (time - start) / 1000;
    };
    const sorted = values.map((value, at) => ({ x: x(at), y: toNumber(value) })).sort((a, b) => a.x - b.x);
    return { runId, xs: sorted.map((point) => point.x), ys: sorted.map((point) => point.y) };
  });
}

/** Columns on one x for all curves; a curve has `undefined` where only others have a point, `null` for a gap. */
export type Aligned = [number[], ...(number | null | undefined)[][]];

export function align(curves: Curve[], weight: number): Aligned {
  const all = new Set<number>();
  for (const curve of curves) for (const x of curve.xs) all.add(x);
  const xs = [...all].sort((a, b) => a - b);
  const place = new Map(xs.map((x, at) => [x, at]));
  const columns = curves.map((curve) => {
    const smoothed = smooth(curve.ys.map((y) => (Number.isFinite(y) ? y : null)), weight);
    const values = new Array<number | null | undefined>(xs.length).fill(undefined);
    curve.xs.forEach((x, at) => {
      values[place.get(x) as number] = smoothed[at] ?? null;
    });
    return values;
  });
  return [xs, ...columns];
}

/** The last value of a curve at or before `x`, for tooltips of curves with points elsewhere. */
export function valueAt(curve: { xs: number[]; ys: number[] }, x: number): number | undefined {
  let low = 0;
  let high = curve.xs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((curve.xs[middle] as number) <= x) low = middle + 1;
    else high = middle;
  }
  return low > 0 ? curve.ys[low - 1] : undefined;
}

/** The section of a metric: what stands before the last slash. */
export function sectionOf(key: string): string {
  const at = key.lastIndexOf("/");
  return at > 0 ? key.slice(0, at) : "";
}
