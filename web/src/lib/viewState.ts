/** How somebody arranged the page of an experiment: what goes into the address and into saved views. */

const MODES: readonly string[] = ["table", "charts", "scatter", "parallel", "box", "contour", "images"];

export type Mode = "table" | "charts" | "scatter" | "parallel" | "box" | "contour" | "images";
const X_AXES: readonly string[] = ["step", "time", "relative", "metric"];

export type XAxis = "step" | "time" | "relative" | "metric";
export type ChartSize = [span: number, height: number];

export interface ViewState {
  mode: Mode;
  filter: string;
  deleted: boolean;
  /** A column and a direction, such as `-metric:loss`. */
  sort: string;
  /** Chosen columns in their order; empty for the ones a first look shows. */
  columns: string[];
  pinned: string[];
  widths: Record<string, number>;
  nested: boolean;
  differing: boolean;
  groupBy: string[];
  /** Groups that are unfolded, or runs whose children are folded away. */
  folded: string[];
  /** Runs that are hidden in charts, or shown beyond the first ones. */
  hidden: string[];
  shown: string[];
  colors: Record<string, string>;
  smoothing: number;
  xAxis: XAxis;
  /** The metric that stands on the horizontal axis where that is `metric`. */
  xMetric: string;
  logY: boolean;
  logX: boolean;
  outliers: boolean;
  chartFilter: string;
  chartHeight: number;
  chartColumns: number;
  /** Metrics whose charts were moved, in their order; the others follow by name. */
  chartOrder: string[];
  /** Charts that were resized: columns they span, and height in pixels. */
  chartSizes: Record<string, ChartSize>;
  /** What is zoomed into on the horizontal axis, `from..to`; empty for everything. */
  zoom: string;
  /** Sections of charts that are folded. */
  closedSections: string[];
  /** The run that charts show the difference to, if any. */
  baseline: string;
  /** Axes of parallel coordinates. */
  axes: string[];
  /** Axes of the scatter plot: x, y, and what colours. */
  scatter: string[];
  /** Axes of the box plot: by what, and of what. */
  box: string[];
  /** Axes of the contour plot: x, y, and the height. */
  contour: string[];
}

export const DEFAULTS: ViewState = {
  mode: "table",
  filter: "",
  deleted: false,
  sort: "-attribute:start_time",
  columns: [],
  pinned: [],
  widths: {},
  nested: false,
  differing: false,
  groupBy: [],
  folded: [],
  hidden: [],
  shown: [],
  colors: {},
  smoothing: 0,
  xAxis: "step",
  xMetric: "",
  logY: false,
  logX: false,
  outliers: true,
  chartFilter: "",
  chartHeight: 230,
  chartColumns: 3,
  chartOrder: [],
  chartSizes: {},
  zoom: "",
  closedSections: [],
  baseline: "",
  axes: [],
  scatter: [],
  box: [],
  contour: [],
};

/** What differs from the defaults, so that addresses stay short. */
export function pack(state: ViewState): Partial<ViewState> {
  const changed: Partial<ViewState> = {};
  for (const key of Object.keys(DEFAULTS) as (keyof ViewState)[]) {
    if (JSON.stringify(state[key]) !== JSON.stringify(DEFAULTS[key])) Object.assign(changed, { [key]: state[key] });
  }
  return changed;
}

function fits(value: unknown, model: unknown): boolean {
  if (Array.isArray(model)) return Array.isArray(value) && value.every((item) => typeof item === "string");
  if (typeof model === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return typeof value === typeof model;
}

/** Makes a state of whatever an address or an older version says; what makes no sense is left out. */
export function unpack(packed: unknown): ViewState {
  const state = { ...DEFAULTS };
  if (typeof packed !== "object" || packed === null) return state;
  for (const key of Object.keys(DEFAULTS) as (keyof ViewState)[]) {
    const value = (packed as Record<string, unknown>)[key];
    if (value !== undefined && fits(value, DEFAULTS[key])) Object.assign(state, { [key]: value });
  }
  if (!MODES.includes(state.mode)) state.mode = "table";
  if (!X_AXES.includes(state.xAxis) || (state.xAxis === "metric" && !state.xMetric)) state.xAxis = "step";
  state.chartSizes = Object.fromEntries(Object.entries(state.chartSizes).filter(([, size]) => Array.isArray(size) && size.length === 2 && size.every(Number.isFinite)));
  state.smoothing = Math.min(0.99, Math.max(0, state.smoothing));
  state.chartColumns = Math.min(6, Math.max(1, Math.round(state.chartColumns)));
  state.chartHeight = Math.min(800, Math.max(120, state.chartHeight));
  return state;
}

export interface Zoom {
  min: number;
  max: number;
}

export function packZoom(zoom: Zoom | undefined): string {
  // Times in seconds have ten digits before the point.
  return zoom ? `${Number(zoom.min.toPrecision(13))}..${Number(zoom.max.toPrecision(13))}` : "";
}

export function unpackZoom(text: string): Zoom | undefined {
  const [min, max] = text.split("..").map(Number);
  return text && min !== undefined && max !== undefined && Number.isFinite(min) && Number.isFinite(max) && min < max ? { min, max } : undefined;
}

/** What means the same in every experiment: not its runs, its keys, or what is looked for in it. */
const EVERYWHERE = ["mode", "nested", "differing", "smoothing", "xAxis", "logY", "logX", "outliers", "chartHeight", "chartColumns", "widths"] as const;

/** Of an arrangement, what another experiment can be opened with. */
export function forEverywhere(state: ViewState): Partial<ViewState> {
  const kept = pack(Object.assign({ ...DEFAULTS }, ...EVERYWHERE.map((key) => ({ [key]: state[key] }))) as ViewState);
  if (kept.widths) kept.widths = Object.fromEntries(Object.entries(kept.widths).filter(([id]) => id === "name" || id.startsWith("attribute:")));
  if (/^-?attribute:/.test(state.sort) && state.sort !== DEFAULTS.sort) kept.sort = state.sort;
  return pack(unpack(kept));
}
