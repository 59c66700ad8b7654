/** A chart as a drawing, for papers and slides. */
import { type Curve, align } from "./curves";
import { smooth } from "./smooth";

interface Picture {
  title: string;
  xTitle: string;
  curves: Curve[];
  colorOf: (id: string) => string;
  nameOf: (id: string) => string;
  smoothing: number;
  logX: boolean;
  logY: boolean;
  range?: { min: number; max: number };
  /** How numbers on the axes look. */
  tick: (value: number) => string;
}

const WIDTH = 720;
const HEIGHT = 400;
const LEFT = 64;
const TOP = 36;
const BOTTOM = 44;
const LEGEND = 16;

/** Round numbers between two others, about `count` of them. */
export function ticks(low: number, high: number, count: number): number[] {
  const raw = (high - low) / count;
  if (!(raw > 0) || !Number.isFinite(raw)) return [low];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power;
  const found: number[] = [];
  for (let at = Math.ceil(low / step); at * step <= high + step * 1e-9; at++) found.push(Number((at * step).toPrecision(12)));
  return found;
}

const escape = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** Where values are on an axis, with its ticks. */
function scale(values: number[], log: boolean, from: number, to: number, count: number) {
  const known = values.filter((value) => Number.isFinite(value) && (!log || value > 0)).map((value) => (log ? Math.log10(value) : value));
  let low = known.reduce((least, value) => Math.min(least, value), Infinity);
  let high = known.reduce((most, value) => Math.max(most, value), -Infinity);
  if (!known.length) [low, high] = [0, 1];
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const place = (value: number) => from + ((log ? Math.log10(value) : value) - low) * ((to - from) / (high - low));
  return { place, ticks: ticks(low, high, count).map((tick) => (log ? 10 ** tick : tick)), has: (value: number) => !log || value > 0 };
}

/** The text of an SVG file. */
export function curvesSvg({ title, xTitle, curves, colorOf, nameOf, smoothing, logX, logY, range, tick }: Picture): string {
  const smoothed = curves.map((curve) => ({ ...curve, ys: smooth(curve.ys.map((y) => (Number.isFinite(y) ? y : null)), smoothing) as number[] }));
  const [xs, ...columns] = align(smoothed);
  const inside = (value: number) => !range || (value >= range.min && value <= range.max);
  const x = scale(xs.filter(inside), logX, LEFT, WIDTH - 16, 8);
  const shown = columns.flatMap((column) => column.filter((value, at): value is number => typeof value === "number" && inside(xs[at] as number)));
  const edges = curves.flatMap(({ xs: places, low = [], high = [] }) => [...low, ...high].filter((_, at) => inside(places[at % places.length] as number)));
  const y = scale([...shown, ...edges], logY, HEIGHT - BOTTOM, TOP, 6);
  const grid = [
    ...y.ticks.map((value) => `<path d="M${LEFT} ${y.place(value).toFixed(1)}H${WIDTH - 16}" stroke="#e4e4e0"/><text x="${LEFT - 8}" y="${(y.place(value) + 4).toFixed(1)}" text-anchor="end">${escape(tick(value))}</text>`),
    ...x.ticks.map((value) => `<text x="${x.place(value).toFixed(1)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${escape(tick(value))}</text>`),
  ];
  const lines = smoothed.map((curve) => {
    let pen = "M";
    const path = curve.xs.map((place, at) => {
      const value = curve.ys[at];
      if (typeof value !== "number" || !Number.isFinite(value) || !inside(place) || !x.has(place) || !y.has(value)) {
        pen = "M";
        return "";
      }
      const point = `${pen}${x.place(place).toFixed(1)} ${y.place(value).toFixed(1)}`;
      pen = "L";
      return point;
    });
    return `<path d="${path.join("")}" fill="none" stroke="${escape(colorOf(curve.runId))}" stroke-width="1.5"/>`;
  });
  // Between the lowest and the highest of a group.
  const areas = curves.flatMap(({ runId, xs: places, low, high }) => {
    if (!low || !high) return [];
    const at = places.flatMap((place, index) => (inside(place) && x.has(place) && y.has(low[index] as number) ? [index] : []));
    const point = (edge: number[]) => (index: number) => `${x.place(places[index] as number).toFixed(1)} ${y.place(edge[index] as number).toFixed(1)}`;
    const outline = [...at.map(point(high)), ...at.reverse().map(point(low))];
    return outline.length ? [`<path d="M${outline.join("L")}Z" fill="${escape(colorOf(runId))}" fill-opacity="0.18"/>`] : [];
  });
  const legend = curves.map(({ runId }, at) => {
    const top = HEIGHT + at * LEGEND;
    return `<rect x="${LEFT}" y="${top - 8}" width="10" height="10" rx="2" fill="${escape(colorOf(runId))}"/><text x="${LEFT + 16}" y="${top + 1}">${escape(nameOf(runId))}</text>`;
  });
  const height = HEIGHT + curves.length * LEGEND + 8;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="Inter, Helvetica, Arial, sans-serif" font-size="11" fill="#44474c">
<rect width="100%" height="100%" fill="#fff"/>
<text x="${LEFT}" y="20" font-size="14" font-weight="600" fill="#1c1d1f">${escape(title)}</text>
${grid.join("\n")}
${[...areas, ...lines].join("\n")}
<text x="${WIDTH - 16}" y="${HEIGHT - 8}" text-anchor="end">${escape(xTitle)}</text>
${legend.join("\n")}
</svg>
`;
}
