import { ChevronDown, ChevronRight } from "lucide-react";
import { useMemo, useState } from "react";
import { type ChartSize, type ViewState, packZoom, unpackZoom } from "../../lib/viewState";
import { ChartCard, type ChartLook, type Runs } from "./ChartCard";
import type { Range } from "./Chart";
import { moved, sections } from "./arrangeCharts";

interface Props {
  metrics: string[];
  filter: string;
  runs: Runs;
  look: ChartLook;
  columns: number;
  height: number;
  /** Charts that were moved, and those that were resized; without `onArrange`, neither can be done. */
  order?: string[];
  sizes?: Record<string, ChartSize>;
  onArrange?: (change: Partial<Pick<ViewState, "chartOrder" | "chartSizes" | "zoom" | "closedSections">>) => void;
  /** The zoom and the folded sections of a page that keeps them; others are forgotten with the page. */
  zoom?: string;
  closedSections?: string[];
}

/** A chart for each metric. */
export function ChartGrid({ metrics, filter, runs, look, columns, height, order, sizes = {}, onArrange, zoom, closedSections }: Props) {
  const [ownClosed, setOwnClosed] = useState<string[]>([]);
  const [ownRange, setOwnRange] = useState<Range>();
  const closed = closedSections ?? ownClosed;
  const setClosed = closedSections && onArrange ? (next: string[]) => onArrange({ closedSections: next }) : setOwnClosed;
  const kept = useMemo(() => (zoom === undefined ? undefined : unpackZoom(zoom)), [zoom]);
  const range = zoom === undefined ? ownRange : kept;
  const setRange = zoom !== undefined && onArrange ? (next: Range | undefined) => onArrange({ zoom: packZoom(next) }) : setOwnRange;
  const axis = `${look.xAxis} ${look.xMetric}`;
  const [rangeAxis, setRangeAxis] = useState(axis);
  if (rangeAxis !== axis) {
    // A range of steps means nothing on a time axis.
    setRangeAxis(axis);
    setOwnRange(undefined);
  }
  const list = useMemo(() => sections(metrics, filter, order), [metrics, filter, order]);
  if (!list.length) return <p className="chart-note">No metric fits.</p>;
  const move = (inside: string[]) => (item: string, target: string, after: boolean) => {
    const next = moved(inside, item, target, after);
    if (next !== inside) onArrange?.({ chartOrder: [...(order ?? []).filter((known) => !inside.includes(known)), ...next] });
  };
  const resize = (metric: string, size: ChartSize | undefined) => {
    const rest = Object.fromEntries(Object.entries(sizes).filter(([known]) => known !== metric));
    onArrange?.({ chartSizes: size ? { ...rest, [metric]: size } : rest });
  };
  return list.map(({ name, metrics: inside }) => {
    const open = !closed.includes(name);
    return (
      <section key={name} className="chart-section" aria-label={name || "Metrics"}>
        <button
          type="button"
          className="chart-section-head"
          aria-expanded={open}
          onClick={() => setClosed(open ? [...closed, name] : closed.filter((item) => item !== name))}
        >
          {open ? <ChevronDown size={14} /> : <ChevronRight size={14} />}
          {name || "Metrics"}
          <span className="faint num">{inside.length}</span>
        </button>
        {open && (
          <div className="chart-grid" style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
            {inside.map((metric) => (
              <ChartCard
                key={metric}
                metric={metric}
                title={name && metric.startsWith(`${name}/`) ? metric.slice(name.length + 1) : metric}
                runs={runs}
                look={look}
                columns={columns}
                size={sizes[metric] ?? [1, height]}
                resized={metric in sizes}
                range={range}
                onRange={setRange}
                onMove={onArrange && move(inside)}
                onFirst={onArrange && (() => inside[0] && move(inside)(metric, inside[0], false))}
                onResize={onArrange && ((size) => resize(metric, size))}
              />
            ))}
          </div>
        )}
      </section>
    );
  });
}
