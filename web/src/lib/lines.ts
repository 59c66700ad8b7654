/** What the table of runs shows, line by line: runs, or groups of runs. */
import { type Column, type Row, cellValue, isRange } from "./columns";
import { formatAgo, formatDuration, formatNumber, formatTime } from "./format";
import { type Summary, summarize } from "./stats";
import { asTree, flat } from "./tree";

export interface RunLine {
  kind: "run";
  row: Row;
  depth: number;
  children: number;
  open: boolean;
}

export interface GroupLine {
  kind: "group";
  id: string;
  label: string;
  rows: Row[];
  open: boolean;
}

export type TableLine = RunLine | GroupLine;

interface Arrangement {
  nested: boolean;
  groupBy: Column[];
  /** Lines that were folded, or unfolded where folded is usual. */
  folded: ReadonlySet<string>;
}

export function arrange(rows: Row[], { nested, groupBy, folded }: Arrangement): TableLine[] {
  if (groupBy.length) return groups(rows, groupBy, folded);
  const branches = nested ? asTree(rows, folded) : flat(rows);
  return branches.map((branch) => ({ kind: "run", ...branch }));
}

/** The group of a run: what it has in some columns. */
export function groupOf(row: Row, groupBy: Column[]): { id: string; label: string } {
  const values = groupBy.map((item) => String(cellValue(row, item) ?? "none"));
  return { id: JSON.stringify(values), label: groupBy.map((item, at) => `${item.label}: ${values[at] ?? ""}`).join(" · ") };
}

function groups(rows: Row[], groupBy: Column[], unfolded: ReadonlySet<string>): TableLine[] {
  const found = new Map<string, { label: string; rows: Row[] }>();
  for (const row of rows) {
    const { id, label } = groupOf(row, groupBy);
    const group = found.get(id);
    if (group) group.rows.push(row);
    else found.set(id, { label, rows: [row] });
  }
  const lines: TableLine[] = [];
  for (const [id, group] of found) {
    const open = unfolded.has(id);
    lines.push({ kind: "group", id, open, ...group });
    if (open) lines.push(...group.rows.map((row): RunLine => ({ kind: "run", row, depth: 1, children: 0, open: false })));
  }
  return lines;
}

interface GroupText {
  text: string;
  title: string;
}

/** What groups have in columns that do not change as long as the group is the same: a group may have very many runs. */
const known = new WeakMap<Row[], Map<string, GroupText>>();

/** What a group has in a column: a mean with its deviation, the one value all have, or how many there are. */
export function groupCell(rows: Row[], item: Column): GroupText {
  // Lowest and highest values get known later; times are told from now.
  if (isRange(item) || item.kind === "attribute") return computed(rows, item);
  let cells = known.get(rows);
  if (!cells) known.set(rows, (cells = new Map<string, GroupText>()));
  let cell = cells.get(item.id);
  if (!cell) cells.set(item.id, (cell = computed(rows, item)));
  return cell;
}

function computed(rows: Row[], item: Column): GroupText {
  const values = rows.map((row) => cellValue(row, item)).filter((value) => value !== undefined);
  if (!values.length) return { text: "", title: "" };
  if (item.kind === "attribute") return groupAttribute(values, item.key);
  const distinct = new Set(values);
  if (distinct.size === 1) return one(values[0] as number | string);
  const numbers = values.map(Number);
  const summary = summarize(numbers);
  if (!summary || numbers.some(Number.isNaN)) return { text: `${distinct.size} values`, title: [...distinct].slice(0, 20).join(", ") };
  return { text: meanText(summary), title: `mean ${summary.mean}, deviation ${summary.std}, ${summary.min} to ${summary.max}, ${summary.count} runs` };
}

/** Times by their last one, durations by their mean, others by what they are. */
function groupAttribute(values: (number | string)[], key: string) {
  const distinct = new Set(values);
  if (key === "duration") return { text: formatDuration(summarize(values.map(Number))?.mean), title: "mean" };
  if (key.endsWith("_time")) {
    const last = values.reduce<number>((most, value) => Math.max(most, Number(value)), -Infinity);
    return { text: formatAgo(last, Date.now()), title: `last: ${formatTime(last)}` };
  }
  const all = [...distinct].join(", ");
  return { text: distinct.size > 3 ? `${distinct.size} values` : all, title: all.slice(0, 300) };
}

function one(value: number | string) {
  return { text: typeof value === "number" ? formatNumber(value) : value, title: String(value) };
}

export function meanText({ mean, std }: Summary): string {
  return `${formatNumber(mean, 4, true)} ± ${formatNumber(std, 2, true)}`;
}
