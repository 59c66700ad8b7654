import type uPlot from "uplot";
import { formatDuration, formatNumber } from "../../lib/format";
import type { XAxis } from "../../lib/viewState";

export interface ChartColors {
  text: string;
  grid: string;
}

/** Colours of the theme, for canvases. */
export function chartColors(): ChartColors {
  const style = getComputedStyle(document.documentElement);
  return { text: style.getPropertyValue("--text-3").trim(), grid: style.getPropertyValue("--grid").trim() };
}

const FONT = '11px "Inter Variable", system-ui, sans-serif';

export function axisOptions({ text, grid }: ChartColors, xAxis: XAxis): uPlot.Axis[] {
  const common = { stroke: text, font: FONT, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
  const x: uPlot.Axis = { ...common, size: 24, gap: 4, space: 44 };
  if (xAxis === "relative") x.values = (_, ticks) => ticks.map((tick) => (tick === 0 ? "0" : formatDuration(tick * 1000)));
  if (xAxis === "step" || xAxis === "metric") x.values = (_, ticks) => ticks.map((tick) => (tick === null ? "" : compact(tick)));
  return [x, { ...common, size: 52, gap: 4, space: 28, values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : compact(tick))) }];
}

/** A number on an axis. */
export function compact(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return `${formatNumber(value / 1e9, 3)}G`;
  if (size >= 1e6) return `${formatNumber(value / 1e6, 3)}M`;
  if (size >= 1e4) return `${formatNumber(value / 1e3, 3)}k`;
  return formatNumber(value, 4);
}

export function formatX(value: number, xAxis: XAxis, xMetric: string): string {
  if (xAxis === "relative") return formatDuration(value * 1000);
  if (xAxis === "time") return new Date(value * 1000).toLocaleTimeString();
  if (xAxis === "metric") return `${xMetric} ${formatNumber(value, 5)}`;
  return `step ${formatNumber(Math.round(value))}`;
}
