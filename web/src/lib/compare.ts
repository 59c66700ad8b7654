import { type Column, GROUPS, type Row, cellValue } from "./columns";

export interface CompareLine {
  id: string;
  label: string;
  /** The place of the runs whose value stands out, for metrics whose better end is known by name. */
  best: number[];
  texts: string[];
  /** Largest minus smallest, for metrics. */
  spread?: number;
  /** Differences to the first run, for metrics. */
  deltas: (number | undefined)[];
}

export interface CompareSection {
  name: string;
  lines: CompareLine[];
}

const LOWER = /loss|error|err$|rmse|mae|mse|perplexity|wer$|cer$/i;
const HIGHER = /acc|auc|f1|precision|recall|r2|bleu|rouge|map|iou|dice|top\d|score/i;
const SKIPPED = new Set(["run_id"]);

/** The places of the best values, when the name of a metric says which end is good. */
export function bestOf(key: string, values: (number | undefined)[]): number[] {
  const lower = LOWER.test(key);
  if (!lower && !HIGHER.test(key)) return [];
  const known = values.filter((value): value is number => value !== undefined && Number.isFinite(value));
  if (new Set(known).size < 2) return [];
  const best = lower ? Math.min(...known) : Math.max(...known);
  return values.flatMap((value, at) => (value === best ? [at] : []));
}

export function compareSections(rows: Row[], columns: Column[], differing: boolean): CompareSection[] {
  return GROUPS.flatMap(([kind, name]) => {
    const lines = columns
      .filter((item) => item.kind === kind && !SKIPPED.has(item.key))
      .flatMap((item) => {
        const values = rows.map((row) => cellValue(row, item));
        if (values.every((value) => value === undefined)) return [];
        if (differing && new Set(values).size < 2) return [];
        return [lineOf(item, values)];
      });
    return lines.length ? [{ name, lines }] : [];
  });
}

function lineOf(item: Column, values: (number | string | undefined)[]): CompareLine {
  const line = { id: item.id, label: item.label, texts: values.map((value) => String(value ?? "")) };
  if (item.kind !== "metric") return { ...line, best: [], deltas: [] };
  const numbers = values.map((value) => (typeof value === "number" ? value : undefined));
  const known = numbers.filter((value) => value !== undefined && Number.isFinite(value)) as number[];
  const first = numbers[0];
  const deltas = numbers.map((value) => (value === undefined || first === undefined || !Number.isFinite(value - first) ? undefined : value - first));
  const spread = known.length > 1 ? Math.max(...known) - Math.min(...known) : undefined;
  return { ...line, best: bestOf(item.key, numbers), spread, deltas };
}
