import { Download, Image, Maximize2 } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { messageOf } from "../../api/client";
import type { Curve } from "../../lib/curves";
import { download, toCsv } from "../../lib/csv";
import { formatNumber } from "../../lib/format";
import type { ViewState } from "../../lib/viewState";
import { IconButton } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Menu } from "../../ui/Menu";
import { Skeleton } from "../../ui/bits";
import { Chart, type Range } from "./Chart";
import { useHistory } from "./useHistory";

export type ChartLook = Pick<ViewState, "xAxis" | "logX" | "logY" | "smoothing" | "outliers">;

export interface Runs {
  ids: string[];
  starts: Map<string, number>;
  colorOf: (id: string) => string;
  nameOf: (id: string) => string;
}

interface Props {
  metric: string;
  title: string;
  runs: Runs;
  look: ChartLook;
  height: number;
  range?: Range;
  onRange: (range: Range | undefined) => void;
}

/** One metric of some runs. What is not in sight is neither fetched nor drawn. */
export function ChartCard({ metric, title, runs, look, height, range, onRange }: Props) {
  const box = useRef<HTMLElement>(null);
  const [seen, setSeen] = useState(false);
  const [large, setLarge] = useState(false);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new IntersectionObserver(([entry]) => setSeen(entry?.isIntersecting ?? false), { rootMargin: "250px" });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const { curves, error } = useHistory({ metric, runIds: runs.ids, xAxis: look.xAxis, starts: runs.starts, range, enabled: seen });
  const known = useMemo(() => curves?.filter((curve) => curve.xs.length > 0), [curves]);
  const single = known !== undefined && known.length > 0 && known.every((curve) => curve.xs.length === 1) && !range;

  const inside = (size: number) => {
    if (error) return <p className="chart-note">{messageOf(error)}</p>;
    if (!known) return <Skeleton height={size - 12} />;
    if (!known.length) return <p className="chart-note">{range ? "Nothing in this range." : "None of the runs shown logged this."}</p>;
    if (single) return <Bars curves={known} runs={runs} height={size} />;
    return <Chart curves={known} colorOf={runs.colorOf} nameOf={runs.nameOf} {...look} height={size} range={range} onRange={onRange} label={metric} />;
  };
  return (
    <figure className="panel chart-card" ref={box} data-metric={metric}>
      <figcaption className="chart-head">
        <span className="truncate grow" title={metric}>
          {title}
        </span>
        <IconButton label={`Enlarge ${metric}`} small onClick={() => setLarge(true)}>
          <Maximize2 />
        </IconButton>
        <Menu
          trigger={
            <IconButton label={`Download ${metric}`} small>
              <Download />
            </IconButton>
          }
          items={[
            { label: "CSV", icon: <Download />, onSelect: () => saveCsv(metric, known ?? [], runs) },
            { label: "PNG", icon: <Image />, disabled: single, onSelect: () => savePng(metric, box.current) },
          ]}
        />
      </figcaption>
      <div className="chart-body" style={{ height: height + 8 }}>
        {seen && inside(height)}
      </div>
      {large && (
        <Dialog title={metric} wide onClose={() => setLarge(false)}>
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
          <span className="num">{formatNumber(value)}</span>
        </div>
      ))}
    </div>
  );
}

function saveCsv(metric: string, curves: Curve[], runs: Runs) {
  const rows = curves.flatMap((curve) => curve.xs.map((x, at) => [runs.nameOf(curve.runId), curve.runId, String(x), String(curve.ys[at])]));
  download(`${metric.replaceAll("/", "_")}.csv`, "text/csv", toCsv([["run_name", "run_id", "x", metric], ...rows]));
}

function savePng(metric: string, card: HTMLElement | null) {
  const canvas = card?.querySelector("canvas");
  if (!canvas) return;
  const copy = document.createElement("canvas");
  copy.width = canvas.width;
  copy.height = canvas.height;
  const pen = copy.getContext("2d");
  if (!pen) return;
  pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--bg");
  pen.fillRect(0, 0, copy.width, copy.height);
  pen.drawImage(canvas, 0, 0);
  const link = document.createElement("a");
  link.href = copy.toDataURL("image/png");
  link.download = `${metric.replaceAll("/", "_")}.png`;
  link.click();
}
