import { RAMP } from "../../lib/color";
import { X } from "lucide-react";
import { useCallback, useMemo } from "react";
import { axisKind, sweepAxes } from "../../lib/axes";
import { cellValue, column } from "../../lib/columns";
import { formatNumber } from "../../lib/format";
import { Button } from "../../ui/Button";
import { Empty } from "../../ui/bits";
import { AxisSelect } from "./AxisSelect";
import type { PanelProps } from "./ChartsPanel";
import { EChart } from "./EChart";

/** Lines that a plot can show and still be read. */
const MOST = 1000;

/** A line for each run, across its params and metrics; the colour is the last axis. */
export default function ParallelPanel({ rows, state, columns, update }: PanelProps) {
  const chosen = state.axes.length > 1;
  const axes = useMemo(() => (chosen ? state.axes : sweepAxes(columns, rows)), [chosen, state.axes, columns, rows]);
  const option = useCallback(
    (style: CSSStyleDeclaration) => {
      const color = (name: string) => style.getPropertyValue(name).trim();
      const items = axes.map(column);
      const shown = rows.slice(0, MOST).filter((row) => items.every((item) => cellValue(row, item) !== undefined));
      const last = items[items.length - 1];
      const kinds = new Map(items.map((item) => [item.id, axisKind(shown.map((row) => String(cellValue(row, item))), item === last || item.kind === "metric")]));
      const isCategory = (id: string) => kinds.get(id) === "category";
      const ends = shown.map((row) => (last ? Number(cellValue(row, last)) : 0)).filter(Number.isFinite);
      return {
        animation: false,
        textStyle: { fontFamily: style.getPropertyValue("--font") },
        parallel: { left: 70, right: 140, top: 64, bottom: 32, axisExpandable: false },
        visualMap: {
          show: false, dimension: items.length - 1, min: Math.min(...ends), max: Math.max(...ends),
          inRange: { color: RAMP },
        },
        parallelAxis: items.map((item, dim) => ({
          dim,
          name: item.label,
          type: kinds.get(item.id),
          scale: true,
          data: isCategory(item.id) ? [...new Set(shown.map((row) => String(cellValue(row, item))))].sort((a, b) => a.localeCompare(b, "en", { numeric: true })) : undefined,
          nameTextStyle: { color: color("--text"), fontSize: 12 },
          nameTruncate: { maxWidth: 150, ellipsis: "…" },
          axisLabel: { color: color("--text-2"), fontSize: 11, formatter: (value: number | string) => (typeof value === "number" ? formatNumber(value, 4) : value) },
          axisLine: { lineStyle: { color: color("--line-strong") } },
          axisTick: { lineStyle: { color: color("--line-strong") } },
        })),
        series: [
          {
            type: "parallel",
            smooth: 0.1,
            lineStyle: { width: 1.5, opacity: 0.6 },
            emphasis: { lineStyle: { width: 3, opacity: 1 } },
            data: shown.map((row) => ({ name: row.name, value: items.map((item) => (isCategory(item.id) ? String(cellValue(row, item)) : Number(cellValue(row, item)))) })),
          },
        ],
      };
    },
    [axes, rows],
  );
  const table = () => [
    ["run_name", "run_id", ...axes.map((id) => column(id).label)],
    ...rows.map((row) => [row.name, row.id, ...axes.map((id) => String(cellValue(row, column(id)) ?? ""))]),
  ];
  return (
    <div className="runs">
      <div className="bar chart-tools wrap" style={{ flexWrap: "wrap" }}>
        <AxisSelect label="Add" value="" none="An axis…" options={columns.filter((item) => !axes.includes(item.id) && item.kind !== "attribute")} onChange={(id) => id && update({ axes: [...axes, id] })} />
        {axes.map((id) => (
          <Button key={id} small aria-label={`Remove ${id}`} disabled={axes.length <= 2} onClick={() => update({ axes: axes.filter((known) => known !== id) })}>
            {column(id).label}
            <X />
          </Button>
        ))}
        {chosen && (
          <Button small look="ghost" onClick={() => update({ axes: [] })}>
            Reset
          </Button>
        )}
      </div>
      {axes.length > 1 ? <EChart option={option} label={`Parallel coordinates of ${rows.length} runs`} file={{ name: "parallel", rows: table }} /> : <Empty title="Too little differs">Runs need params or metrics that differ.</Empty>}
    </div>
  );
}
