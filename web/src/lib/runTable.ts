/** Rows of very many runs, of which only some columns are known: they look into the columns instead of having maps. */
import type { RunColumns } from "../api/runs";
import type { Double, Run, RunTable } from "../api/types";
import { type Column, type Row, type Values, isRange } from "./columns";
import { toNumber } from "./format";
import type { ValueRange } from "./ranges";
import { PARENT } from "./tree";

/** Columns of one request; the server takes some more. */
const MOST_COLUMNS = 90;
/** Tags that stand in columns of their own. */
const TAG_OF: Record<string, string> = { user: "mlflow.user", source: "mlflow.source.name", commit: "mlflow.source.git.commit" };

/** What has to be known of runs to show these columns, the first ones first. */
export function wantedOf(columns: Column[], nested: boolean, withRanges: boolean): RunColumns {
  const wanted: RunColumns = { metrics: [], ranges: [], params: [], tags: nested ? [PARENT] : [], datasets: false };
  for (const item of new Map(columns.map((known) => [known.id, known])).values()) {
    if (wanted.metrics.length + wanted.ranges.length + wanted.params.length + wanted.tags.length >= MOST_COLUMNS) break;
    const add = (list: string[], key: string) => !list.includes(key) && list.push(key);
    if (item.kind === "param") add(wanted.params, item.key);
    else if (item.kind === "tag") add(wanted.tags, item.key);
    else if (item.kind === "attribute" && TAG_OF[item.key]) add(wanted.tags, TAG_OF[item.key] as string);
    else if (item.kind === "attribute") wanted.datasets ||= item.key === "dataset";
    else {
      add(wanted.metrics, item.key);
      if (withRanges && isRange(item)) add(wanted.ranges, item.key);
    }
  }
  return wanted;
}

type Dense<T> = (T | undefined)[];

interface Sparse<T> {
  key?: string;
  rows?: number[];
  values?: T[];
}

function dense<T, U>(count: number, { rows = [], values = [] }: Sparse<T>, read: (value: T) => U): Dense<U> {
  const column = new Array<U | undefined>(count).fill(undefined);
  rows.forEach((row, at) => (column[row] = read(values[at] as T)));
  return column;
}

/** Few texts stand in many rows: each is kept once. */
function interned() {
  const texts = new Map<string, string>();
  return (text: string) => {
    const first = texts.get(text);
    if (first === undefined) texts.set(text, text);
    return first ?? text;
  };
}

/** The columns of some runs. */
class Columns {
  readonly table: RunTable;
  readonly metrics: Map<string, Dense<number>>;
  readonly lowest: Map<string, Dense<number>>;
  readonly highest: Map<string, Dense<number>>;
  readonly params: Map<string, Dense<string>>;
  readonly tags: Map<string, Dense<string>>;
  readonly datasets: Dense<string>;

  constructor(table: RunTable) {
    const count = table.run_ids?.length ?? 0;
    const numbers = (columns: Sparse<Double>[] = []) => new Map(columns.map((item) => [item.key ?? "", dense(count, item, toNumber)]));
    const texts = (columns: Sparse<string>[] = []) => new Map(columns.map((item) => [item.key ?? "", dense(count, item, interned())]));
    this.metrics = numbers(table.metrics);
    this.lowest = numbers(table.lowest);
    this.highest = numbers(table.highest);
    this.params = texts(table.params);
    this.tags = texts(table.tags);
    this.datasets = dense(count, table.datasets ?? {}, interned());
    const { run_ids, run_names, experiment_ids, user_ids, statuses, start_times, end_times } = table;
    this.table = { run_ids, run_names, experiment_ids: experiment_ids?.map(interned()), user_ids: user_ids?.map(interned()), statuses, start_times, end_times };
  }
}

/** The values of one row of some columns. */
class Cells<T> implements Values<T> {
  constructor(
    private readonly columns: Map<string, Dense<T>>,
    private readonly at: number,
  ) {}

  get(key: string): T | undefined {
    return this.columns.get(key)?.[this.at];
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  keys() {
    return [...this.columns.keys()].filter((key) => this.has(key))[Symbol.iterator]();
  }
}

class PartialRow implements Row {
  readonly partial = true;
  readonly id: string;
  readonly name: string;
  private whole?: Run;

  constructor(
    private readonly columns: Columns,
    private readonly at: number,
  ) {
    this.id = columns.table.run_ids?.[at] ?? "";
    this.name = columns.table.run_names?.[at] || this.id.slice(0, 8);
  }

  get metrics(): Values<number> {
    return new Cells(this.columns.metrics, this.at);
  }

  get params(): Values<string> {
    return new Cells(this.columns.params, this.at);
  }

  get tags(): Values<string> {
    return new Cells(this.columns.tags, this.at);
  }

  /** What is known of the run itself. */
  get run(): Run {
    const { table, datasets } = this.columns;
    const dataset = datasets[this.at];
    this.whole ??= {
      info: {
        run_id: this.id,
        run_name: this.name,
        experiment_id: table.experiment_ids?.[this.at] ?? "",
        user_id: table.user_ids?.[this.at],
        status: table.statuses?.[this.at] ?? "RUNNING",
        start_time: table.start_times?.[this.at],
        end_time: table.end_times?.[this.at],
        lifecycle_stage: "active",
      },
      inputs: dataset === undefined ? undefined : { dataset_inputs: [{ dataset: { name: dataset, digest: "" } }] },
    };
    return this.whole;
  }

  rangeOf(metric: string): ValueRange | undefined {
    const min = this.columns.lowest.get(metric)?.[this.at];
    const max = this.columns.highest.get(metric)?.[this.at];
    return min === undefined || max === undefined ? undefined : { min, max };
  }
}

/** The rows of an answer. */
export function rowsOf(table: RunTable): Row[] {
  const columns = new Columns(table);
  return (table.run_ids ?? []).map((_, at) => new PartialRow(columns, at));
}

/** All rows, those of which everything is known in the place of the others, and those that are new above them. */
export function withWhole(many: Row[], whole: Row[]): Row[] {
  const byId = new Map(whole.map((row) => [row.id, row]));
  const seen = new Set<string>();
  const rows = many.filter(({ id }) => !seen.has(id) && seen.add(id)).map((row) => byId.get(row.id) ?? row);
  return [...whole.filter(({ id }) => !seen.has(id)), ...rows];
}
