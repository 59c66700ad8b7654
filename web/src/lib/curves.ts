/** From points of a history to the columns that a chart draws. */
import type { Double, History } from "../api/types";
import { interpolate } from "./bands";
import { toNumber } from "./format";
import type { XAxis } from "./viewState";

export interface Curve {
  runId: string;
  xs: number[];
  ys: number[];
  /** Of the mean of a group: the lowest and the highest of its runs. */
  low?: number[];
  high?: number[];
}

/** Another metric of runs by their steps, for an axis; only what is a number. */
export function alongOf(histories: History[]): Map<string, Curve> {
  const curve = ({ run_id: runId, steps, values }: History): Curve => {
    const ys = values.map(toNumber);
    const known = ys.flatMap((y, at) => (Number.isFinite(y) ? [at] : []));
    return { runId, xs: known.map((at) => steps[at] as number), ys: known.map((at) => ys[at] as number) };
  };
  return new Map(histories.map((history) => [history.run_id, curve(history)]));
}

/** The points of a history at whose steps another metric is known, with what that is there. */
function placed({ run_id: runId, steps, values }: History, along: Curve | undefined): Curve {
  const points = steps.flatMap((step, at) => {
    const x = along && interpolate(along, step);
    return x === undefined ? [] : [{ x, y: toNumber(values[at] as Double) }];
  });
  return { runId, xs: points.map(({ x }) => x), ys: points.map(({ y }) => y) };
}

/** The curves of runs, each in the order of its x. By a metric, `along` says where its runs had which value. */
export function curvesOf(histories: History[], xAxis: XAxis, starts: Map<string, number>, along?: Map<string, Curve>): Curve[] {
  return histories.map((history) => {
    const { run_id: runId, steps, values, timestamps = [] } = history;
    if (xAxis === "metric") return inOrder(placed(history, along?.get(runId)));
    const start = starts.get(runId) ?? timestamps.reduce((least, time) => Math.min(least, time), Infinity);
    const xs = xAxis === "step" ? steps : timestamps.map((time) => (xAxis === "time" ? time / 1000 : (time - start) / 1000));
    return inOrder({ runId, xs, ys: values.map(toNumber) });
  });
}

function inOrder(curve: Curve): Curve {
  const { runId, xs, ys } = curve;
  if (xs.every((x, at) => at === 0 || (xs[at - 1] as number) <= x)) return curve;
  const order = xs.map((_, at) => at).sort((a, b) => (xs[a] as number) - (xs[b] as number));
  return { runId, xs: order.map((at) => xs[at] as number), ys: order.map((at) => ys[at] as number) };
}

/** Columns on one x for all curves; a curve has `undefined` where only others have a point, `null` for a gap. */
export type Aligned = [number[], ...(number | null | undefined)[][]];

type Line = Pick<Curve, "xs"> & { ys: (number | null)[] };

/** All places where some curve has a point. */
function places(lines: Pick<Curve, "xs">[]): number[] {
  const all = new Float64Array(lines.reduce((sum, { xs }) => sum + xs.length, 0));
  let end = 0;
  for (const { xs } of lines) {
    all.set(xs, end);
    end += xs.length;
  }
  all.sort();
  return Array.from(all.filter((x, at) => at === 0 || x !== all[at - 1]));
}

export function align(lines: Line[]): Aligned {
  return onPlaces(lines, places(lines));
}

const numberOr = (value: number | null | undefined) => (Number.isFinite(value) ? (value as number) : null);

function onPlaces(lines: Line[], xs: number[]): Aligned {
  const columns = lines.map((line) => {
    const values = new Array<number | null | undefined>(xs.length).fill(undefined);
    let place = 0;
    line.xs.forEach((x, at) => {
      while ((xs[place] as number) < x) place += 1;
      values[place] = numberOr(line.ys[at]);
    });
    return values;
  });
  return [xs, ...columns];
}

/**
 * The same at no more than `most` places, for what has to find its way in the columns rather than draw them: where
 * there are more, a column holds the last value so far.
 */
export function alignAbout(lines: Line[], most: number): Aligned {
  const all = places(lines);
  if (all.length <= most) return onPlaces(lines, all);
  const xs = Array.from({ length: most }, (_, at) => all[Math.round((at * (all.length - 1)) / (most - 1))] as number);
  const columns = lines.map((line) => {
    const last = line.xs[line.xs.length - 1] ?? -Infinity;
    let at = -1;
    return xs.map((x) => {
      while (at + 1 < line.xs.length && (line.xs[at + 1] as number) <= x) at += 1;
      return at < 0 || x > last ? undefined : numberOr(line.ys[at]);
    });
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
