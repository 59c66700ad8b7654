import { useNavigate } from "@tanstack/react-router";
import type { CustomSeriesRenderItemAPI, CustomSeriesRenderItemParams } from "echarts/types/dist/shared";
import { useCallback, useMemo } from "react";
import { axisKind, mainMetric, numericColumns, numberOf, secondParam, mainParam } from "../../lib/axes";
import { ramp, RAMP } from "../../lib/color";
import { cellValue, column } from "../../lib/columns";
import { contourLevels } from "../../lib/contour";
import { formatNumber } from "../../lib/format";
import { Empty } from "../../ui/bits";
import { AxisSelect } from "./AxisSelect";
import type { PanelProps } from "./ChartsPanel";
import { EChart } from "./EChart";

/** Free room around the points, as a share of what they span. */
const MARGIN = 0.04;
const FEWEST = 3;

/** Values of an axis between 0 and 1, by orders of magnitude where they span some. */
function scaleOf(values: number[], texts: string[]) {
  const log = axisKind(texts, true) === "log";
  const place = (value: number) => (log ? Math.log10(value) : value);
  const back = (value: number) => (log ? 10 ** value : value);
  const [least, most] = [Math.min(...values), Math.max(...values)].map(place) as [number, number];
  const span = most - least || 1;
  const [low, high] = [least - MARGIN * span, most + MARGIN * span];
  return { low, high, ticks: log ? decades(low, high) : undefined, place, back, share: (value: number) => (place(value) - low) / (high - low), at: (share: number) => low + share * (high - low) };
}

/** Where an axis of orders of magnitude has its marks: at 1, 10, 100, and between them where there are few of those. */
function decades(low: number, high: number): number[] {
  const steps = high - low > 3 ? [1] : [1, 3];
  const first = Math.floor(low);
  const all = Array.from({ length: Math.ceil(high) - first + 1 }, (_, at) => steps.map((step) => first + at + Math.log10(step))).flat();
  return all.filter((mark) => mark >= low && mark <= high);
}

/** Two numbers of runs as a plane, a third as its height: smoothed between the runs. */
export default function ContourPanel({ rows, state, columns, update }: PanelProps) {
  const go = useNavigate();
  const options = useMemo(() => numericColumns(columns, rows), [columns, rows]);
  const first = useMemo(() => mainParam(columns, rows), [columns, rows]);
  const second = useMemo(() => secondParam(columns, rows), [columns, rows]);
  const metric = useMemo(() => mainMetric(columns, rows), [columns, rows]);
  const ids = [state.contour[0] ?? first?.id ?? "attribute:duration", state.contour[1] ?? second?.id ?? "attribute:duration", state.contour[2] ?? metric?.id ?? "attribute:duration"];
  const idText = ids.join("\n");
  const [x, y, z] = useMemo(() => idText.split("\n").map(column), [idText]) as [ReturnType<typeof column>, ReturnType<typeof column>, ReturnType<typeof column>];
  const points = useMemo(
    () => rows.map((row) => ({ row, x: numberOf(row, x), y: numberOf(row, y), z: numberOf(row, z) })).filter((point) => [point.x, point.y, point.z].every(Number.isFinite)),
    [rows, x, y, z],
  );
  const { xs, ys, levels } = useMemo(() => {
    const texts = (item: typeof x) => points.map(({ row }) => String(cellValue(row, item) ?? ""));
    const horizontal = scaleOf(points.map((point) => point.x), texts(x));
    const vertical = scaleOf(points.map((point) => point.y), texts(y));
    return { xs: horizontal, ys: vertical, levels: contourLevels(points.map((point) => ({ x: horizontal.share(point.x), y: vertical.share(point.y), z: point.z }))) };
  }, [points, x, y]);
  const option = useCallback(
    (style: CSSStyleDeclaration) => {
      const color = (name: string) => style.getPropertyValue(name).trim();
      const heights = points.map((point) => point.z);
      const [low, high] = [Math.min(...heights), Math.max(...heights)];
      const axis = (name: string, scale: typeof xs, gap: number) => ({
        type: "value",
        name,
        nameLocation: "middle",
        nameGap: gap,
        min: scale.low,
        max: scale.high,
        axisTick: { customValues: scale.ticks },
        nameTextStyle: { color: color("--text-2"), fontSize: 12 },
        axisLabel: { color: color("--text-3"), fontSize: 11, showMinLabel: false, showMaxLabel: false, customValues: scale.ticks, formatter: (value: number) => formatNumber(scale.back(value), 4) },
        splitLine: { show: false },
        axisLine: { lineStyle: { color: color("--line-strong") } },
      });
      const band = (params: CustomSeriesRenderItemParams, api: CustomSeriesRenderItemAPI) => {
        const level = levels[params.dataIndex];
        if (!level) return null;
        const ring = (places: [number, number][]) => `M${places.map(([u, v]) => api.coord([xs.at(u), ys.at(v)]).map((pixel) => pixel.toFixed(1)).join(" ")).join("L")}Z`;
        return {
          type: "path",
          silent: true,
          shape: { pathData: level.rings.map(ring).join("") },
          style: { fill: ramp((level.from - low) / (high - low)), stroke: color("--bg"), lineWidth: 0.6, opacity: 0.85 },
        };
      };
      return {
        animation: false,
        textStyle: { fontFamily: style.getPropertyValue("--font") },
        grid: { left: 76, right: 110, top: 28, bottom: 56 },
        xAxis: axis(x.label, xs, 32),
        yAxis: axis(y.label, ys, 56),
        tooltip: {
          renderMode: "richText",
          backgroundColor: color("--bg-raised"),
          borderColor: color("--line"),
          textStyle: { color: color("--text"), fontSize: 12 },
          formatter: ({ dataIndex, seriesIndex }: { dataIndex: number; seriesIndex: number }) => {
            const point = seriesIndex === 1 ? points[dataIndex] : undefined;
            if (!point) return "";
            return `${point.row.name}\n${x.label}: ${formatNumber(point.x)}\n${y.label}: ${formatNumber(point.y)}\n${z.label}: ${formatNumber(point.z)}`;
          },
        },
        visualMap: { seriesIndex: 1, min: low, max: high, dimension: 2, right: 8, top: 28, itemHeight: 140, precision: 4, text: [formatNumber(high, 4), formatNumber(low, 4)], textStyle: { color: color("--text-3") }, inRange: { color: RAMP } },
        series: [
          { type: "custom", renderItem: band, data: levels.map((level) => [xs.low, ys.low, level.from]), clip: true, silent: true, z: 1 },
          { type: "scatter", symbolSize: 9, z: 3, itemStyle: { borderColor: color("--bg"), borderWidth: 1.5 }, data: points.map((point) => [xs.place(point.x), ys.place(point.y), point.z]) },
        ],
      };
    },
    [points, levels, xs, ys, x, y, z],
  );
  const choose = (at: number, id: string) => update({ contour: ids.map((known, place) => (place === at ? id : known)) });
  return (
    <div className="runs">
      <div className="bar chart-tools">
        <AxisSelect label="X" value={x.id} options={options} onChange={(id) => choose(0, id)} />
        <AxisSelect label="Y" value={y.id} options={options} onChange={(id) => choose(1, id)} />
        <AxisSelect label="Height" value={z.id} options={options} onChange={(id) => choose(2, id)} />
        <span className="faint num">{points.length} of {rows.length} runs have all three; smoothed between them</span>
      </div>
      {points.length < FEWEST ? (
        <Empty title="Too few runs">A surface takes at least {FEWEST} runs with all three numbers. Choose other axes.</Empty>
      ) : (
        <EChart
          option={option}
          label={`${z.label} by ${x.label} and ${y.label} of ${points.length} runs`}
          file={{ name: "contour", rows: () => [["run_name", "run_id", x.label, y.label, z.label], ...points.map((point) => [point.row.name, point.row.id, String(point.x), String(point.y), String(point.z)])] }}
          onPick={(index, series) => {
            const row = series === 1 ? points[index]?.row : undefined;
            if (row) void go({ to: "/experiments/$experimentId/runs/$runId/$", params: { experimentId: row.run.info.experiment_id, runId: row.id } });
          }}
        />
      )}
    </div>
  );
}
