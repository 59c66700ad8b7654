import type { ReactNode } from "react";
import { type Row, column, columnsOf } from "../../lib/columns";
import { compareSections } from "../../lib/compare";
import { Empty } from "../../ui/bits";
import { cellText } from "../runs/TableRow";
import { CompareGrid } from "./CompareGrid";

interface Props {
  rows: Row[];
  differing: boolean;
  head: (row: Row) => ReactNode;
}

/** A column for each run, a row for each thing that runs have. */
export function CompareTable({ rows, differing, head }: Props) {
  const sections = compareSections(rows, columnsOf(rows), differing);
  if (!sections.length) return <Empty title="No differences">In params, metrics and tags, these runs are the same.</Empty>;
  return <CompareGrid sections={sections} heads={rows.map(head)} names={rows.map((row) => row.name)} cell={(line, at) => cellText(rows[at] as Row, { column: column(line.id) })} />;
}
