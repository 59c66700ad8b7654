/** The columns and strokes of a chart: curves, and what stands behind them. */
import type uPlot from "uplot";
import { type Curve, align } from "../../lib/curves";
import { smooth } from "../../lib/smooth";

/** Smoothed curves up to which the points themselves are drawn as well, faintly. */
const MOST_RAW = 20;

export interface Layers {
  data: uPlot.AlignedData;
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

type Line = Pick<Curve, "runId" | "xs" | "ys">;

const faint = (color: string, alpha: string) => (/^#[0-9a-f]{6}$/i.test(color) ? color + alpha : color);

/** Everything that a chart draws. The series change only with the runs, their colours, and whether there is smoothing. */
export function layersOf(curves: Curve[], { smoothing, logX, logY, colorOf }: Look): Layers {
  const smoothed = (curve: Curve, ys: number[]): Line => ({ runId: curve.runId, xs: curve.xs, ys: smooth(ys.map((y) => (Number.isFinite(y) ? y : null)), smoothing) as number[] });
  const behind: Line[] = [];
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  const withRaw = smoothing > 0 && curves.length <= MOST_RAW;
  for (const curve of curves) {
    const color = colorOf(curve.runId);
    if (curve.low && curve.high) {
      behind.push(smoothed(curve, curve.high), smoothed(curve, curve.low));
      series.push({ width: 0, points: { show: false } }, { width: 0, points: { show: false } });
      bands.push({ series: [behind.length - 1, behind.length], fill: faint(color, "2e") });
    } else if (withRaw) {
      behind.push(curve);
      series.push({ stroke: faint(color, "40"), width: 1, points: { show: false } });
    }
  }
  for (const curve of curves) series.push({ stroke: colorOf(curve.runId), width: 1.5, points: { show: curve.xs.length < 2 }, spanGaps: false });
  const data = align([...behind, ...curves.map((curve) => smoothed(curve, curve.ys))], 0);
  return { data: logSafe(data, logX, logY) as uPlot.AlignedData, series, bands, behind: behind.length };
}

/** A logarithmic axis has no place for zero and below. */
function logSafe(data: ReturnType<typeof align>, logX: boolean, logY: boolean) {
  const [xs, ...ys] = data;
  const shifted = logX ? xs.map((x) => (x > 0 ? x : 0.5)) : xs;
  return [shifted, ...(logY ? ys.map((column) => column.map((y) => (typeof y === "number" && y <= 0 ? null : y))) : ys)];
}
