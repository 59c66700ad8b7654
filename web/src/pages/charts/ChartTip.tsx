import { type Curve, valueAt } from "../../lib/curves";
import { formatNumber } from "../../lib/format";
import { smooth } from "../../lib/smooth";
import type { XAxis } from "../../lib/viewState";
import { formatX } from "./chartOptions";

export interface Tip {
  x: number;
  y: number;
  left: number;
  width: number;
  /** Where the chart begins in the window. */
  page: number;
}

const MOST = 14;
/** More than a tip is ever wide, in pixels. */
const WIDTH = 330;

interface Props {
  tip: Tip;
  curves: Curve[];
  colorOf: (runId: string) => string;
  nameOf: (runId: string) => string;
  xAxis: XAxis;
  xMetric: string;
  smoothing: number;
}

/** The values below the cursor, those nearest to it when there are many. */
export function ChartTip({ tip, curves, colorOf, nameOf, xAxis, xMetric, smoothing }: Props) {
  const values = curves.flatMap((curve) => {
    const first = curve.xs[0];
    const last = curve.xs[curve.xs.length - 1];
    if (first === undefined || last === undefined || tip.x < first - 1e-9) return [];
    const ys = smooth(curve.ys, smoothing) as number[];
    const value = valueAt({ xs: curve.xs, ys }, tip.x);
    const edge = (edges: number[] | undefined) => edges && valueAt({ xs: curve.xs, ys: smooth(edges, smoothing) as number[] }, tip.x);
    return value === undefined ? [] : [{ id: curve.runId, value, low: edge(curve.low), high: edge(curve.high) }];
  });
  const distance = (value: number) => Math.abs(value - tip.y);
  const near = [...values].sort((a, b) => distance(a.value) - distance(b.value));
  const nearest = near[0]?.id;
  const shown = near.slice(0, MOST).sort((a, b) => b.value - a.value);
  const onLeft = tip.page + tip.left + WIDTH > innerWidth;
  const style = onLeft ? { right: tip.width - tip.left + 14 } : { left: tip.left + 14 };
  return (
    <div className="chart-tip" style={style} aria-hidden>
      <div className="faint num">{formatX(tip.x, xAxis, xMetric)}</div>
      {shown.map(({ id, value, low, high }) => (
        <div key={id} className={id === nearest ? "tip-line near" : "tip-line"}>
          <span className="swatch" style={{ background: colorOf(id) }} />
          <span className="truncate">{nameOf(id)}</span>
          <span className="num">
            {formatNumber(value, 5, true)}
            {low !== undefined && high !== undefined && <span className="faint"> {formatNumber(low, 3)} to {formatNumber(high, 3)}</span>}
          </span>
        </div>
      ))}
      {values.length > MOST && <div className="faint">and {values.length - MOST} more</div>}
    </div>
  );
}
