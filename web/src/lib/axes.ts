/** Axes of plots that show runs by several of their values. */
import { type Column, type Row, cellValue, isSystemMetric } from "./columns";

/** Columns that hold numbers in some rows, and text in none. */
export function numericColumns(columns: Column[], rows: Row[]): Column[] {
  return columns.filter((item) => {
    if (item.kind === "metric" || item.id === "attribute:duration") return true;
    if (item.kind === "attribute" || item.kind === "tag") return false;
    const values = rows.map((row) => cellValue(row, item)).filter((value) => value !== undefined && value !== "");
    return values.length > 0 && values.every((value) => !Number.isNaN(Number(value)));
  });
}

/** Params and tags by whose values runs can be told apart in a plot: not too many of them, and not only one. */
export function groupingColumns(columns: Column[], rows: Row[]): Column[] {
  return columns.filter((item) => {
    if (item.kind !== "param" && item.kind !== "tag" && item.id !== "attribute:user" && item.id !== "attribute:status") return false;
    const count = distinct(item, rows);
    return count > 1 && count <= MOST_GROUPS;
  });
}

const MOST_GROUPS = 24;

function distinct(item: Column, rows: Row[]): number {
  return new Set(rows.map((row) => cellValue(row, item)).filter((value) => value !== undefined)).size;
}

export type AxisKind = "value" | "log" | "category";

/** How values of a column are laid out on an axis: few different ones side by side, orders of magnitude by those. */
export function axisKind(values: string[], keepNumeric = false): AxisKind {
  const known = new Set(values.filter((value) => value !== ""));
  const numbers = [...known].map(Number);
  if (numbers.some(Number.isNaN)) return "category";
  if (known.size <= MOST_SIDE_BY_SIDE && !keepNumeric) return "category";
  const low = Math.min(...numbers);
  return low > 0 && Math.max(...numbers) / low > 100 ? "log" : "value";
}

const MOST_SIDE_BY_SIDE = 6;

/** The metric that most runs have, one of an evaluation rather than of training. */
export function mainMetric(columns: Column[], rows: Row[]): Column | undefined {
  const weight = (item: Column) => {
    const count = rows.filter((row) => row.metrics.has(item.key)).length;
    return count + (/acc|auc|f1|score/i.test(item.key) ? 0.5 : 0) + (/val|test|eval/i.test(item.key) ? 0.25 : 0);
  };
  const metrics = columns.filter((item) => item.kind === "metric" && !isSystemMetric(item.key));
  return metrics.map((item) => ({ item, weight: weight(item) })).sort((a, b) => b.weight - a.weight)[0]?.item;
}

/** The numeric param of most values: what a sweep is mostly about. */
export function mainParam(columns: Column[], rows: Row[]): Column | undefined {
  const params = numericColumns(columns, rows).filter((item) => item.kind === "param");
  return params.map((item) => ({ item, count: distinct(item, rows) })).sort((a, b) => b.count - a.count)[0]?.item;
}

/** The numeric param of the second most values. */
export function secondParam(columns: Column[], rows: Row[]): Column | undefined {
  const first = mainParam(columns, rows);
  return mainParam(columns.filter((item) => item.id !== first?.id), rows);
}

/** What a run has in a column, as a number. */
export function numberOf(row: Row, item: Column): number {
  const value = cellValue(row, item);
  return value === undefined || value === "" ? NaN : Number(value);
}

/** Params that differ, and what came out. */
export function sweepAxes(columns: Column[], rows: Row[]): string[] {
  const params = columns.filter((item) => item.kind === "param" && distinct(item, rows) > 1).slice(0, 6);
  const last = mainMetric(columns, rows);
  return [...params, ...(last ? [last] : [])].map((item) => item.id);
}
