import { useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { column } from "../../lib/columns";
import { formatNumber } from "../../lib/format";
import { AxisSelect } from "./AxisSelect";
import type { PanelProps } from "./ChartsPanel";
import { EChart } from "./EChart";
import { mainMetric, mainParam, numberOf, numericColumns } from "../../lib/axes";
import { RAMP } from "../../lib/color";

/** Runs as points, by two of their numbers and, as colour, a third. */
export default function ScatterPanel({ rows, state, columns, update, marks }: PanelProps) {
  const go = useNavigate();
  const options = useMemo(() => numericColumns(columns, rows), [columns, rows]);
  const param = useMemo(() => mainParam(columns, rows), [columns, rows]);
  const metric = useMemo(() => mainMetric(columns, rows), [columns, rows]);
  const x = column(state.scatter[0] ?? param?.id ?? metric?.id ?? "attribute:duration");
  const y = column(state.scatter[1] ?? metric?.id ?? "attribute:duration");
  const tint = state.scatter[2] ? column(state.scatter[2]) : undefined;
  const points = useMemo(
    () => rows.map((row) => ({ row, x: numberOf(row, x), y: numberOf(row, y), tint: tint ? numberOf(row, tint) : 0 })).filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y)),
    // Columns are made anew from their ids each time.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [rows, x.id, y.id, tint?.id],
  );
  const wide = useMemo(() => {
    const xs = points.map((point) => point.x).filter((value) => value > 0);
    return xs.length === points.length && xs.length > 1 && Math.max(...xs) / Math.min(...xs) > 100;
  }, [points]);
  const option = useCallback(
    (style: CSSStyleDeclaration) => {
      const color = (name: string) => style.getPropertyValue(name).trim();
      const axis = (name: string, log: boolean) => ({
        type: log ? "log" : "value",
        name,
        nameLocation: "middle",
        nameGap: 32,
        scale: true,
        nameTextStyle: { color: color("--text-2"), fontSize: 12 },
        axisLabel: { color: color("--text-3"), fontSize: 11, formatter: (value: number) => formatNumber(value, 4) },
        splitLine: { lineStyle: { color: color("--grid") } },
        axisLine: { lineStyle: { color: color("--line-strong") } },
      });
      const tints = points.map((point) => point.tint).filter(Number.isFinite);
      return {
        animation: false,
        textStyle: { fontFamily: style.getPropertyValue("--font") },
        grid: { left: 76, right: tint ? 110 : 32, top: 28, bottom: 56 },
        xAxis: axis(x.label, wide),
        yAxis: { ...axis(y.label, false), nameGap: 56 },
        tooltip: {
          // Text on the canvas: the page's policy allows no styles in HTML.
          renderMode: "richText",
          backgroundColor: color("--bg-raised"),
          borderColor: color("--line"),
          textStyle: { color: color("--text"), fontSize: 12 },
          formatter: ({ dataIndex }: { dataIndex: number }) => {
            const point = points[dataIndex];
            if (!point) return "";
            const third = tint ? `\n${tint.label}: ${formatNumber(point.tint)}` : "";
            return `${point.row.name}\n${x.label}: ${formatNumber(point.x)}\n${y.label}: ${formatNumber(point.y)}${third}`;
          },
        },
        visualMap: tint
          ? { min: Math.min(...tints), max: Math.max(...tints), dimension: 2, right: 8, top: 28, itemHeight: 140, precision: 4, textStyle: { color: color("--text-3") }, inRange: { color: RAMP }, calculable: true }
          : undefined,
        series: [
          {
            type: "scatter",
            symbolSize: 10,
            data: points.map((point) => ({ value: [point.x, point.y, point.tint], itemStyle: tint ? undefined : { color: marks.colorOf(point.row.id), opacity: 0.85 } })),
          },
        ],
      };
    },
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [points, wide, x.id, y.id, tint?.id, state.colors],
  );
  const choose = (at: number, id: string) => {
    const axes = [x.id, y.id, tint?.id ?? ""];
    axes[at] = id;
    update({ scatter: axes.filter((axis, index) => axis || index < 2) });
  };
  return (
    <div className="runs">
      <div className="bar chart-tools">
        <AxisSelect label="X" value={x.id} options={options} onChange={(id) => choose(0, id)} />
        <AxisSelect label="Y" value={y.id} options={options} onChange={(id) => choose(1, id)} />
        <AxisSelect label="Colour" value={tint?.id ?? ""} options={options} none="Run" onChange={(id) => choose(2, id)} />
        <span className="faint num">{points.length} of {rows.length} runs have both</span>
      </div>
      <EChart
        option={option}
        label={`${y.label} by ${x.label} of ${points.length} runs`}
        file={{
          name: "scatter",
          rows: () => [
            ["run_name", "run_id", x.label, y.label, ...(tint ? [tint.label] : [])],
            ...points.map((point) => [point.row.name, point.row.id, String(point.x), String(point.y), ...(tint ? [String(point.tint)] : [])]),
          ],
        }}
        onPick={(index) => {
          const row = points[index]?.row;
          if (row) void go({ to: "/experiments/$experimentId/runs/$runId/$", params: { experimentId: row.run.info.experiment_id, runId: row.id } });
        }}
      />
    </div>
  );
}
