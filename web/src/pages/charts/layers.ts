/** The columns and strokes of a chart: curves, and what stands behind them. */
import uPlot from "uplot";
import { type Aligned, type Curve, alignAbout } from "../../lib/curves";
import { smooth } from "../../lib/smooth";

/** Smoothed curves up to which the points themselves are drawn as well, faintly. */
const MOST_RAW = 20;
/** Curves beyond which each is drawn as thin as can be, as they are told apart better then, and only the nearest one has a mark at the cursor. */
export const MANY = 20;
/** Places at which a chart knows the values of all its curves, for the cursor; it is rarely wider in pixels. */
const MOST_PLACES = 1000;

/** The points of a stroke in their order; no value is a gap. */
export interface Line {
  xs: number[];
  ys: (number | null)[];
}

export interface Layers {
  data: uPlot.AlignedData;
  /** What the series draw, those behind first. */
  lines: Line[];
  series: uPlot.Series[];
  bands: uPlot.Band[];
  /** How many of the series stand behind the curves. */
  behind: number;
}

interface Look {
  smoothing: number;
  logX: boolean;
  logY: boolean;
  colorOf: (id: string) => string;
}

const faint = (color: string, alpha: string) => (/^#[0-9a-f]{6}$/i.test(color) ? color + alpha : color);

/**
 * Everything that a chart draws. The series change only with the runs, their colours, and whether there is smoothing.
 * `lineOf` tells at any time what a series draws now.
 */
export function layersOf(curves: Curve[], { smoothing, logX, logY, colorOf }: Look, lineOf: (series: number) => Line | undefined): Layers {
  const line = (xs: number[], ys: number[], weight = smoothing): Line => ({
    // A logarithmic axis has no place for zero and below.
    xs: logX ? xs.map((x) => (x > 0 ? x : 0.5)) : xs,
    ys: smooth(ys.map((y) => (Number.isFinite(y) ? y : null)), weight).map((y) => (logY && y !== null && y <= 0 ? null : y)),
  });
  const behind: Line[] = [];
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  const paths = stroke(lineOf);
  const withRaw = smoothing > 0 && curves.length <= MOST_RAW;
  for (const curve of curves) {
    const color = colorOf(curve.runId);
    if (curve.low && curve.high) {
      behind.push(line(curve.xs, curve.high), line(curve.xs, curve.low));
      series.push({ width: 0, points: { show: false } }, { width: 0, points: { show: false } });
      bands.push({ series: [behind.length - 1, behind.length], fill: faint(color, "2e") });
    } else if (withRaw) {
      behind.push(line(curve.xs, curve.ys, 0));
      series.push({ stroke: faint(color, "40"), width: 1, paths, points: { show: false } });
    }
  }
  for (const curve of curves) series.push({ stroke: colorOf(curve.runId), width: curves.length > MANY ? 1 : 1.5, paths, points: { show: curve.xs.length < 2 } });
  const lines = [...behind, ...curves.map((curve) => line(curve.xs, curve.ys))];
  return { data: alignAbout(lines, MOST_PLACES) as Aligned as uPlot.AlignedData, lines, series, bands, behind: behind.length };
}

/** Draws a line by its own points: those of all curves together would be many times as many. */
function stroke(lineOf: (series: number) => Line | undefined): uPlot.Series.PathBuilder {
  return (chart, seriesAt) =>
    uPlot.orient(chart, seriesAt, (_series, _xs, _ys, scaleX, scaleY, placeX, placeY, left, top, width, height, moveTo, lineTo) => {
      const path = new Path2D();
      const { xs, ys } = lineOf(seriesAt) ?? { xs: [], ys: [] };
      let drawing = false;
      for (let at = 0; at < xs.length; at++) {
        const y = ys[at];
        if (typeof y === "number") (drawing ? lineTo : moveTo)(path, placeX(xs[at] as number, scaleX, width, left), placeY(y, scaleY, height, top));
        drawing = typeof y === "number";
      }
      return { stroke: path, fill: null, clip: null, flags: 1 };
    }) as uPlot.Series.Paths;
}

/** The lowest and the highest of what lines have between two places. */
export function extent(lines: Line[], from: number, to: number): [number, number] | undefined {
  let [low, high] = [Infinity, -Infinity];
  for (const { xs, ys } of lines) {
    for (let at = 0; at < xs.length; at++) {
      const y = ys[at];
      const x = xs[at] as number;
      if (typeof y !== "number" || x < from || x > to) continue;
      if (y < low) low = y;
      if (y > high) high = y;
    }
  }
  return low <= high ? [low, high] : undefined;
}
