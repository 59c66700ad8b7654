import { useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { groupingColumns, mainMetric, numericColumns } from "../../lib/axes";
import { cellValue, column } from "../../lib/columns";
import { hash } from "../../lib/color";
import { formatNumber, plural } from "../../lib/format";
import { fiveNumbers } from "../../lib/stats";
import { Empty } from "../../ui/bits";
import { AxisSelect } from "./AxisSelect";
import type { PanelProps } from "./ChartsPanel";
import { EChart } from "./EChart";

/** How a number is spread for each value of a param or tag. */
export default function BoxPanel({ rows, state, columns, update, marks }: PanelProps) {
  const go = useNavigate();
  const numbers = useMemo(() => numericColumns(columns, rows), [columns, rows]);
  const groups = useMemo(() => groupingColumns(columns, rows), [columns, rows]);
  const metric = useMemo(() => mainMetric(columns, rows), [columns, rows]);
  const x = column(state.box[0] ?? state.groupBy[0] ?? (groups.find((item) => item.kind === "param") ?? groups[0])?.id ?? "attribute:status");
  const y = column(state.box[1] ?? metric?.id ?? "attribute:duration");
  const points = useMemo(
    () =>
      rows.flatMap((row) => {
        const value = cellValue(row, y);
        const number = value === undefined || value === "" ? NaN : Number(value);
        return Number.isFinite(number) ? [{ row, group: String(cellValue(row, x) ?? "none"), value: number }] : [];
      }),
    // Columns are made anew from their ids each time.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [rows, x.id, y.id],
  );
  const names = useMemo(() => [...new Set(points.map((point) => point.group))].sort((a, b) => a.localeCompare(b, "en", { numeric: true })), [points]);
  const option = useCallback(
    (style: CSSStyleDeclaration) => {
      const color = (name: string) => style.getPropertyValue(name).trim();
      const label = { color: color("--text-3"), fontSize: 11 };
      const line = { lineStyle: { color: color("--line-strong") } };
      const title = { color: color("--text-2"), fontSize: 12 };
      const boxes = names.map((name) => fiveNumbers(points.filter((point) => point.group === name).map((point) => point.value)));
      return {
        animation: false,
        textStyle: { fontFamily: style.getPropertyValue("--font") },
        grid: { left: 76, right: 32, top: 28, bottom: 56 },
        xAxis: { type: "category", data: names, name: x.label, nameLocation: "middle", nameGap: 32, nameTextStyle: title, axisLabel: label, axisLine: line },
        yAxis: {
          type: "value", name: y.label, nameLocation: "middle", nameGap: 56, scale: true, nameTextStyle: title, axisLine: line,
          axisLabel: { ...label, formatter: (value: number) => formatNumber(value, 4) },
          splitLine: { lineStyle: { color: color("--grid") } },
        },
        tooltip: {
          // Text on the canvas: the page's policy allows no styles in HTML.
          renderMode: "richText",
          backgroundColor: color("--bg-raised"),
          borderColor: color("--line"),
          textStyle: { color: color("--text"), fontSize: 12 },
          formatter: ({ seriesIndex, dataIndex }: { seriesIndex: number; dataIndex: number }) => {
            const point = points[dataIndex];
            if (seriesIndex === 1) return point ? `${point.row.name}\n${y.label}: ${formatNumber(point.value)}` : "";
            const [low, first, median, third, high] = (boxes[dataIndex] ?? []).map((value) => formatNumber(value));
            const count = points.filter((item) => item.group === names[dataIndex]).length;
            return `${names[dataIndex] ?? ""}: ${plural(count, "run")}\nhighest ${high ?? ""}\nthree quarters below ${third ?? ""}\nmedian ${median ?? ""}\na quarter below ${first ?? ""}\nlowest ${low ?? ""}`;
          },
        },
        series: [
          { type: "boxplot", data: boxes, boxWidth: [20, 64], itemStyle: { color: color("--bg-soft"), borderColor: color("--text-3"), borderWidth: 1.2 } },
          {
            type: "scatter",
            symbolSize: 7,
            // Beside each other a little, so that equal values are seen as several.
            symbolOffset: (_: unknown, { dataIndex }: { dataIndex: number }) => [((hash(points[dataIndex]?.row.id ?? "") % 100) / 100 - 0.5) * 36, 0],
            data: points.map((point) => ({ value: [names.indexOf(point.group), point.value], itemStyle: { color: marks.colorOf(point.row.id), opacity: 0.75 } })),
          },
        ],
      };
    },
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [points, names, x.id, y.id, state.colors],
  );
  const options = groups.some((item) => item.id === x.id) ? groups : [...groups, x];
  return (
    <div className="runs">
      <div className="bar chart-tools">
        <AxisSelect label="By" value={x.id} options={options} onChange={(id) => update({ box: [id, y.id] })} />
        <AxisSelect label="Y" value={y.id} options={numbers} onChange={(id) => update({ box: [x.id, id] })} />
        <span className="faint num">{plural(points.length, "run")}</span>
      </div>
      {names.length ? (
        <EChart
          option={option}
          label={`${y.label} by ${x.label} of ${points.length} runs`}
          file={{ name: "box", rows: () => [["run_name", "run_id", x.label, y.label], ...points.map((point) => [point.row.name, point.row.id, point.group, String(point.value)])] }}
          onPick={(index, series) => {
            const row = series === 1 ? points[index]?.row : undefined;
            if (row) void go({ to: "/experiments/$experimentId/runs/$runId/$", params: { experimentId: row.run.info.experiment_id, runId: row.id } });
          }}
        />
      ) : (
        <Empty title="Nothing to show">No loaded run has a value of {y.label}.</Empty>
      )}
    </div>
  );
}
