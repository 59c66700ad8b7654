/** Axes of plots that show runs by several of their values. */
import { type Column, type Row, cellValue } from "./columns";

/** Columns that hold numbers in some rows, and text in none. */
export function numericColumns(columns: Column[], rows: Row[]): Column[] {
  return columns.filter((item) => {
    if (item.kind === "metric" || item.id === "attribute:duration") return true;
    if (item.kind === "attribute" || item.kind === "tag") return false;
    const values = rows.map((row) => cellValue(row, item)).filter((value) => value !== undefined && value !== "");
    return values.length > 0 && values.every((value) => !Number.isNaN(Number(value)));
  });
}

/** Params that differ, and the first metrics: what a sweep is mostly about. */
export function sweepAxes(columns: Column[], rows: Row[]): string[] {
  const differs = (item: Column) => new Set(rows.map((row) => cellValue(row, item))).size > 1;
  const params = columns.filter((item) => item.kind === "param" && differs(item)).slice(0, 6);
  const metrics = columns.filter((item) => item.kind === "metric" && !item.key.startsWith("system/") && differs(item));
  const last = metrics.find((item) => /val|test|eval/.test(item.key)) ?? metrics[0];
  return [...params, ...(last ? [last] : [])].map((item) => item.id);
}
