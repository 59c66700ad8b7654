import { ArrowUpToLine, Download, Ellipsis, FileCode, Image, Maximize2, RotateCcw } from "lucide-react";
import { useLayoutEffect, useMemo, useRef, useState } from "react";
import { messageOf } from "../../api/client";
import { above, bandsOf } from "../../lib/bands";
import type { Curve } from "../../lib/curves";
import { formatNumber } from "../../lib/format";
import type { ChartSize, ViewState } from "../../lib/viewState";
import { IconButton } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Menu, type MenuItem } from "../../ui/Menu";
import { Skeleton } from "../../ui/bits";
import { Chart, type Range } from "./Chart";
import { ChartResizer } from "./ChartResizer";
import { saveCsv, savePng, saveSvg } from "./saveChart";
import { useHistory } from "./useHistory";

export type ChartLook = Pick<ViewState, "xAxis" | "xMetric" | "logX" | "logY" | "smoothing" | "outliers">;

export interface Runs {
  ids: string[];
  starts: Map<string, number>;
  /** How a run or a group looks. */
  colorOf: (id: string) => string;
  nameOf: (id: string) => string;
  /** The group of a run, where groups are drawn. */
  groupOf?: ReadonlyMap<string, string>;
  /** The run that differences are taken to. */
  baseline?: string;
}

interface Props {
  metric: string;
  title: string;
  runs: Runs;
  look: ChartLook;
  columns: number;
  size: ChartSize;
  /** Whether the size is one of its own. */
  resized: boolean;
  range?: Range;
  onRange: (range: Range | undefined) => void;
  /** Puts a chart beside another one. */
  onMove?: (metric: string, target: string, after: boolean) => void;
  onFirst?: () => void;
  onResize?: (size: ChartSize | undefined) => void;
}

/** How far out of sight a chart is made ready, in pixels. */
const MARGIN = 250;
/** What charts are called while they are dragged. */
const DRAGGED = "application/x-oxflow-chart";

/**
 * About as many as the chart is wide in pixels; half of that for many runs, which cover each other. In steps, so that a
 * little more room fetches nothing.
 */
function pointsFor(span: number, columns: number, runs: number): number {
  const pixels = (1000 * Math.min(span, columns)) / columns;
  const wanted = Math.ceil((runs > MANY ? pixels / 2 : pixels) / 100) * 100;
  return Math.min(800, Math.max(runs > MANY ? 100 : 200, wanted));
}

/** Runs beyond which a chart shows less of each. */
const MANY = 20;

/** What is drawn of the curves of runs: differences, means, or the curves themselves. */
function drawn(curves: Curve[], { baseline, groupOf }: Runs): Curve[] {
  const base = baseline ? curves.find((curve) => curve.runId === baseline) : undefined;
  const values = base ? above(curves.filter((curve) => curve !== base), base) : curves;
  return (groupOf ? bandsOf(values, groupOf) : values).filter((curve) => curve.xs.length > 0);
}

/** One metric of some runs. What is not in sight is neither fetched nor drawn. */
export function ChartCard({ metric, title, runs, look, columns, size: given, resized, range, onRange, onMove, onFirst, onResize }: Props) {
  const box = useRef<HTMLElement>(null);
  const [seen, setSeen] = useState(false);
  const [large, setLarge] = useState(false);
  const [dropSide, setDropSide] = useState<"before" | "after">();
  const [sizing, setSizing] = useState<ChartSize>();
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    // The observer tells only after a frame was drawn: what is in sight at once is asked for at once.
    if (element.getBoundingClientRect().top < innerHeight + MARGIN) setSeen(true);
    const observer = new IntersectionObserver(([entry]) => setSeen(entry?.isIntersecting ?? false), { rootMargin: `${MARGIN}px` });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const { curves, error } = useHistory({ metric, runIds: runs.ids, xAxis: look.xAxis, xMetric: look.xMetric, starts: runs.starts, range, points: pointsFor(given[0], columns, runs.ids.length), enabled: seen });
  const { groupOf, baseline } = runs;
  const known = useMemo(
    () => curves && drawn(curves, runs),
    // The names and colours of runs do not change what is drawn of them.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [curves, groupOf, baseline],
  );
  const isDifference = Boolean(baseline && curves?.some((curve) => curve.runId === baseline));
  const single = known !== undefined && known.length > 0 && known.every((curve) => curve.xs.length === 1) && !range;
  const [span, height] = sizing ?? given;
  const label = isDifference ? `${metric} − ${runs.nameOf(baseline ?? "")}` : metric;

  const inside = (size: number) => {
    if (error) return <p className="chart-note">{messageOf(error)}</p>;
    if (!known) return <Skeleton height={size - 12} />;
    if (!known.length) return <p className="chart-note">{range ? "Nothing in this range." : `None of the runs shown logged this${look.xAxis === "metric" ? ` at steps between those of ${look.xMetric}` : ""}.`}</p>;
    if (single) return <Bars curves={known} runs={runs} height={size} />;
    return <Chart curves={known} colorOf={runs.colorOf} nameOf={runs.nameOf} {...look} height={size} range={range} onRange={onRange} label={label} />;
  };
  const items: (MenuItem | null)[] = [
    { label: "Save as CSV", icon: <Download />, onSelect: () => saveCsv(metric, known ?? [], runs) },
    { label: "Save as PNG", icon: <Image />, disabled: single, onSelect: () => savePng(metric, box.current) },
    { label: "Save as SVG", icon: <FileCode />, disabled: single, onSelect: () => saveSvg(metric, label, known ?? [], runs, look, range) },
  ];
  if (onFirst) items.push(null, { label: "Move to the front", icon: <ArrowUpToLine />, onSelect: onFirst });
  if (onResize && span < columns) items.push({ label: "Wider", icon: <Maximize2 />, onSelect: () => onResize([span + 1, height]) });
  if (onResize && resized) items.push({ label: "Usual size", icon: <RotateCcw />, onSelect: () => onResize(undefined) });
  return (
    <figure
      className={dropSide ? `panel chart-card drop-${dropSide}` : "panel chart-card"}
      ref={box}
      data-metric={metric}
      style={{ gridColumn: `span ${Math.min(span, columns)}` }}
      onDragOver={(event) => {
        if (!onMove || !event.dataTransfer.types.includes(DRAGGED)) return;
        event.preventDefault();
        const { left, width } = event.currentTarget.getBoundingClientRect();
        setDropSide(event.clientX > left + width / 2 ? "after" : "before");
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setDropSide(undefined);
      }}
      onDrop={(event) => {
        if (dropSide) onMove?.(event.dataTransfer.getData(DRAGGED), metric, dropSide === "after");
        setDropSide(undefined);
      }}
    >
      <figcaption className={onMove ? "chart-head movable" : "chart-head"} draggable={Boolean(onMove)} onDragStart={(event) => event.dataTransfer.setData(DRAGGED, metric)}>
        <span className="truncate grow" title={label}>
          {title}
          {isDifference && <span className="faint"> − baseline</span>}
        </span>
        <IconButton label={`Enlarge ${metric}`} small onClick={() => setLarge(true)}>
          <Maximize2 />
        </IconButton>
        <Menu
          trigger={
            <IconButton label={`Actions for ${metric}`} small>
              <Ellipsis />
            </IconButton>
          }
          items={items}
        />
      </figcaption>
      <div className="chart-body" style={{ height: height + 8 }}>
        {seen && inside(height)}
      </div>
      {onResize && (
        <ChartResizer
          size={given}
          columns={columns}
          onSize={(size, done) => {
            setSizing(done ? undefined : size);
            if (done) onResize(size);
          }}
        />
      )}
      {large && (
        <Dialog title={label} wide onClose={() => setLarge(false)}>
          {inside(Math.max(320, Math.round(innerHeight * 0.6)))}
        </Dialog>
      )}
    </figure>
  );
}

/** Runs with one value each are compared by bars. */
function Bars({ curves, runs, height }: { curves: Curve[]; runs: Runs; height: number }) {
  const values = curves.map((curve) => ({ id: curve.runId, value: curve.ys[0] ?? NaN })).sort((a, b) => b.value - a.value);
  const most = Math.max(...values.map(({ value }) => Math.abs(value)).filter(Number.isFinite), Number.MIN_VALUE);
  return (
    <div className="bars" style={{ maxHeight: height }} tabIndex={0} role="list">
      {values.map(({ id, value }) => (
        <div key={id} className="bar-line" role="listitem">
          <span className="truncate" title={runs.nameOf(id)}>
            {runs.nameOf(id)}
          </span>
          <span className="bar-track">
            <span style={{ width: `${(100 * Math.abs(value)) / most || 0}%`, background: runs.colorOf(id) }} />
          </span>
          <span className="num">{formatNumber(value, 4, true)}</span>
        </div>
      ))}
    </div>
  );
}
