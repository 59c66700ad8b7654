/** Charts as files. */
import type { Curve } from "../../lib/curves";
import { download, toCsv } from "../../lib/csv";
import { curvesSvg } from "../../lib/svg";
import type { Range } from "./Chart";
import type { ChartLook, Runs } from "./ChartCard";
import { compact } from "./chartOptions";

const fileName = (metric: string) => metric.replaceAll("/", "_");

export function saveCsv(metric: string, curves: Curve[], runs: Runs) {
  const rows = curves.flatMap((curve) => curve.xs.map((x, at) => [runs.nameOf(curve.runId), curve.runId, String(x), String(curve.ys[at])]));
  download(`${fileName(metric)}.csv`, "text/csv", toCsv([["run_name", "run_id", "x", metric], ...rows]));
}

export function saveSvg(metric: string, title: string, curves: Curve[], runs: Runs, look: ChartLook, range?: Range) {
  const { xAxis, xMetric, smoothing, logX, logY } = look;
  const xTitle = { step: "step", time: "time (UTC)", relative: "seconds since the start", metric: xMetric }[xAxis];
  const tick = (value: number) => (xAxis === "time" && value > 1e9 ? new Date(value * 1000).toISOString().slice(5, 16).replace("T", " ") : compact(value));
  const text = curvesSvg({ title, xTitle, curves, colorOf: runs.colorOf, nameOf: runs.nameOf, smoothing, logX: logX && xAxis !== "time", logY, range, tick });
  download(`${fileName(metric)}.svg`, "image/svg+xml", text);
}

export function savePng(metric: string, card: HTMLElement | null) {
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
  link.download = `${fileName(metric)}.png`;
  link.click();
}
