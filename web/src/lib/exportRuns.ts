import type { RunSearch } from "../api/runs";
import { allRuns } from "../api/runs";
import { type Column, type Row, cellValue, columnsOf, toRow } from "./columns";
import { download, toCsv } from "./csv";
import { fetchRanges, rangeMetrics } from "./fetchRanges";
import { formatTime } from "./format";

/** Runs that one file holds at most. */
const MOST = 50_000;

function text(row: Row, item: Column): string {
  const value = cellValue(row, item);
  if (value === undefined) return "";
  if (item.kind === "attribute" && /_time$/.test(item.key)) return formatTime(Number(value));
  return String(value);
}

function csv(rows: Row[], columns: Column[]): string {
  const heads = ["run_name", "run_id", ...columns.map((item) => (item.kind === "attribute" ? item.key : `${item.kind}.${item.key}`))];
  return toCsv([heads, ...rows.map((row) => [row.name, row.id, ...columns.map((item) => text(row, item))])]);
}

/** Saves runs as a file: the given ones, or all that a search finds. */
export async function saveRuns(kind: "csv" | "json", search: RunSearch, columns: Column[] | undefined, some?: Row[]): Promise<void> {
  const rows = some ?? (await allRuns(search, MOST)).map(toRow);
  if (columns) await fetchRanges(rangeMetrics(columns), rows);
  if (kind === "json") {
    download("runs.json", "application/json", JSON.stringify(rows.map((row) => row.run), null, 1));
    return;
  }
  download("runs.csv", "text/csv", csv(rows, columns ?? columnsOf(rows).filter((item) => item.key !== "run_id")));
}
