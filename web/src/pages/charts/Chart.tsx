import { useEffect, useLayoutEffect, useRef, useState } from "react";
import uPlot from "uplot";
import type { Curve } from "../../lib/curves";
import { insideRange } from "../../lib/smooth";
import type { XAxis } from "../../lib/viewState";
import { ChartTip, type Tip } from "./ChartTip";
import { axisOptions, chartColors } from "./chartOptions";
import { type Layers, type Line, MANY, extent, layersOf } from "./layers";

export interface Range {
  min: number;
  max: number;
}

interface Props {
  curves: Curve[];
  colorOf: (runId: string) => string;
  nameOf: (runId: string) => string;
  xAxis: XAxis;
  xMetric: string;
  logX: boolean;
  logY: boolean;
  smoothing: number;
  /** Whether a few points far away may stretch the axis. */
  outliers: boolean;
  height: number;
  range?: Range;
  onRange: (range: Range | undefined) => void;
  label: string;
}

const SYNC = "charts";
/** What a chart has to be given anew when it changes. */
const SHOWN = ["curves", "smoothing", "outliers", "range", "logX", "logY"] as const;

/** Curves on a canvas. Cursors of all charts move together, and a zoom in one is a zoom in all. */
export function Chart(props: Props) {
  const { curves, xAxis, logX, logY, smoothing, outliers, height, range, label } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const drawn = useRef<Layers>(undefined);
  const made = useRef<Props>(undefined);
  const [tip, setTip] = useState<Tip>();
  const [width, setWidth] = useState(0);
  const [theme, setTheme] = useState(0);
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    // The observer tells only after a frame was drawn.
    setWidth(element.clientWidth);
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(element);
    const repaint = () => setTheme((count) => count + 1);
    addEventListener("oxflow:theme", repaint);
    return () => {
      observer.disconnect();
      removeEventListener("oxflow:theme", repaint);
    };
  }, []);

  const ready = width > 0;
  // Which curves there are, in which colours: what a chart cannot change once it is made.
  const look = `${smoothing > 0} ${curves.map((curve) => `${curve.runId} ${props.colorOf(curve.runId)} ${curve.low !== undefined}`).join()}`;
  useEffect(() => {
    const element = box.current;
    if (!element || !ready) return;
    const { curves: now, onRange } = latest.current;
    const layers = layersOf(now, latest.current, (series) => drawn.current?.lines[series - 1]);
    drawn.current = layers;
    made.current = latest.current;
    const colors = chartColors();
    const zoomed = (chart: uPlot) => {
      if (chart.select.width < 4) return;
      const [min, max] = [chart.posToVal(chart.select.left, "x"), chart.posToVal(chart.select.left + chart.select.width, "x")];
      chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      latest.current.onRange({ min, max });
    };
    const pointed = (chart: uPlot) => {
      const { left = -1, top = -1, event } = chart.cursor;
      // A cursor that another chart moves has no event of its own here.
      if (left < 0 || !event || event.type === "mouseleave") return setTip(undefined);
      setTip({ x: chart.posToVal(left, "x"), y: chart.posToVal(top, "y"), left: left + chart.bbox.left / devicePixelRatio, width: chart.width, page: chart.root.getBoundingClientRect().left });
    };
    const created = new uPlot(
      {
        width: element.clientWidth,
        height: latest.current.height,
        scales: {
          x: { time: xAxis === "time", distr: logX && xAxis !== "time" ? 3 : 1 },
          y: {
            distr: logY ? 3 : 1,
            range: () => yRange(drawn.current?.lines ?? [], latest.current),
          },
        },
        axes: axisOptions(colors, xAxis),
        legend: { show: false },
        padding: [8, 10, 0, 0],
        cursor: { sync: { key: SYNC, setSeries: false }, drag: { x: true, y: false, setScale: false }, points: { size: 6, one: now.length > MANY }, focus: { prox: 24, dist: (_, at, __, value, cursor) => (at <= layers.behind ? Infinity : value - cursor) } },
        focus: { alpha: 0.3 },
        hooks: { setSelect: [zoomed], setCursor: [pointed] },
        series: layers.series,
        bands: layers.bands,
      },
      layers.data,
      element,
    );
    plot.current = created;
    if (latest.current.range) created.setScale("x", latest.current.range);
    const reset = () => onRange(undefined);
    created.over.addEventListener("dblclick", reset);
    const left = () => setTip(undefined);
    created.over.addEventListener("mouseleave", left);
    return () => {
      created.destroy();
      plot.current = undefined;
    };
  }, [look, xAxis, logX, logY, theme, ready]);

  useEffect(() => {
    const chart = plot.current;
    if (!chart) return;
    const { current: known } = made;
    made.current = latest.current;
    // It was just made of these.
    if (known && SHOWN.every((key) => known[key] === latest.current[key])) return;
    const layers = layersOf(curves, latest.current, (series) => drawn.current?.lines[series - 1]);
    if (chart.series.length !== layers.series.length) return;
    drawn.current = layers;
    chart.setData(layers.data, false);
    if (range) chart.setScale("x", range);
    else chart.setData(chart.data, true);
  }, [curves, smoothing, outliers, range, logX, logY]);

  useEffect(() => {
    const chart = plot.current;
    if (ready && chart && (chart.width !== width || chart.height !== height)) chart.setSize({ width, height });
  }, [width, height, ready]);

  return (
    <div className="chart" style={{ height }} role="img" aria-label={`${label}: ${curves.length} curves`}>
      <div ref={box} style={{ height }} />
      {tip && <ChartTip tip={tip} {...props} />}
    </div>
  );
}

/** From the lowest to the highest of what is in sight: of the lines, as the columns of the chart may lack some. */
function yRange(lines: Line[], props: Props): [number, number] {
  const inside = extent(lines, props.range?.min ?? -Infinity, props.range?.max ?? Infinity);
  if (!inside) return props.logY ? [0.1, 1] : [0, 1];
  let [low, high] = inside;
  if (!props.outliers && !props.logY) {
    const most = insideRange(lines.flatMap(({ ys }) => ys.filter((y) => y !== null)));
    if (most) [low, high] = most;
  }
  if (props.logY) return [low / 1.15, high * 1.15];
  const margin = (high - low || Math.abs(high) || 1) * 0.06;
  return [low - margin, high + margin];
}
