/** What curves are made into before they are drawn: means of groups, and differences to one of them. */
import type { Curve } from "./curves";

/** Places at which a mean is drawn; a chart is rarely wider in pixels. */
const MOST = 400;

/** The value of a curve at `x` on the straight line between its points; nothing before its first and after its last. */
export function interpolate({ xs, ys }: Curve, x: number): number | undefined {
  const last = xs.length - 1;
  if (last < 0 || x < (xs[0] as number) || x > (xs[last] as number)) return undefined;
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((xs[middle] as number) <= x) low = middle;
    else high = middle;
  }
  const [x0, x1, y0, y1] = [xs[low], xs[high], ys[low], ys[high]] as [number, number, number, number];
  if (x1 <= x0 || x <= x0) return y0;
  return x >= x1 ? y1 : y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}

/** The places of all curves, thinned out evenly. */
function places(curves: Curve[]): number[] {
  const all = [...new Set(curves.flatMap((curve) => curve.xs))].sort((a, b) => a - b);
  if (all.length <= MOST) return all;
  return Array.from({ length: MOST }, (_, at) => all[Math.round((at * (all.length - 1)) / (MOST - 1))] as number);
}

/** A curve for each group of runs: the mean, between the lowest and the highest of them. */
export function bandsOf(curves: Curve[], groupOf: ReadonlyMap<string, string>): Curve[] {
  const groups = new Map<string, Curve[]>();
  for (const curve of curves) {
    const id = groupOf.get(curve.runId) ?? curve.runId;
    groups.set(id, [...(groups.get(id) ?? []), curve]);
  }
  return [...groups].map(([runId, members]) => {
    const band = { runId, xs: [] as number[], ys: [] as number[], low: [] as number[], high: [] as number[] };
    for (const x of places(members)) {
      const values = members.map((curve) => interpolate(curve, x)).filter((value): value is number => value !== undefined && Number.isFinite(value));
      if (!values.length) continue;
      band.xs.push(x);
      band.ys.push(values.reduce((sum, value) => sum + value, 0) / values.length);
      band.low.push(Math.min(...values));
      band.high.push(Math.max(...values));
    }
    return band;
  });
}

/** How far curves are above another one, where that one is. */
export function above(curves: Curve[], baseline: Curve): Curve[] {
  return curves.map((curve) => {
    const points = curve.xs.flatMap((x, at) => {
      const base = interpolate(baseline, x);
      return base === undefined ? [] : [{ x, y: (curve.ys[at] as number) - base }];
    });
    return { runId: curve.runId, xs: points.map(({ x }) => x), ys: points.map(({ y }) => y) };
  });
}
