import { useMemo } from "react";
import { parseCsv } from "../../lib/csv";
import { CellTable } from "./CellTable";

/** Rows and columns of a text. */
export function CsvTable({ text, separator }: { text: string; separator: string }) {
  const [head = [], ...rows] = useMemo(() => parseCsv(text, separator), [text, separator]);
  return <CellTable head={head} rows={rows} />;
}
