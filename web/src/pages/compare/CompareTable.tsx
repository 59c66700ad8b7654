import { type ReactNode, useState } from "react";
import { type Row, column, columnsOf } from "../../lib/columns";
import { compareSections } from "../../lib/compare";
import { formatNumber } from "../../lib/format";
import { Dialog } from "../../ui/Dialog";
import { Empty } from "../../ui/bits";
import { cellText } from "../runs/TableRow";
import { TextDiff } from "./TextDiff";

/** A value that is longer is compared line by line when it is pressed. */
const LONG = 60;

interface Props {
  rows: Row[];
  differing: boolean;
  head: (row: Row) => ReactNode;
}

/** A column for each run, a row for each thing that runs have. */
export function CompareTable({ rows, differing, head }: Props) {
  const [diff, setDiff] = useState<{ title: string; texts: string[] }>();
  const sections = compareSections(rows, columnsOf(rows), differing);
  if (!sections.length) return <Empty title="No differences">In params, metrics and tags, these runs are the same.</Empty>;
  return (
    <div className="body" tabIndex={0} role="region" aria-label="Comparison">
      <table className="plain-table compare num">
        <thead>
          <tr>
            <th>
              <span className="sr">What</span>
            </th>
            {rows.map((row) => (
              <th key={row.id}>{head(row)}</th>
            ))}
          </tr>
        </thead>
        {sections.map((section) => (
          <tbody key={section.name}>
            <tr className="compare-section">
              <th colSpan={rows.length + 1} scope="colgroup">
                {section.name} <span className="faint">{section.lines.length}</span>
              </th>
            </tr>
            {section.lines.map((line) => (
              <tr key={line.id}>
                <th scope="row" className="truncate" title={line.label}>
                  {line.label}
                </th>
                {rows.map((row, at) => {
                  const [text, title] = cellText(row, { column: column(line.id) });
                  const long = title.length > LONG || title.includes("\n");
                  return (
                    <td key={row.id} className={line.best.includes(at) ? "best" : ""} title={long ? "Press to compare line by line" : title}>
                      {long ? (
                        <button type="button" className="link truncate" style={{ maxWidth: 260 }} onClick={() => setDiff({ title: line.label, texts: line.texts })}>
                          {text}
                        </button>
                      ) : (
                        text || <span className="faint">–</span>
                      )}
                      {line.spread !== undefined && at > 0 && line.deltas[at] !== undefined && <span className="delta">{signed(line.deltas[at])}</span>}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        ))}
      </table>
      {diff && (
        <Dialog title={`${diff.title}: the first run and each other`} wide onClose={() => setDiff(undefined)}>
          {diff.texts.slice(1).map((text, at) => (
            <section key={at} className="stack">
              <h3>{rows[at + 1]?.name}</h3>
              <TextDiff before={diff.texts[0] ?? ""} after={text} />
            </section>
          ))}
        </Dialog>
      )}
    </div>
  );
}

function signed(delta: number): string {
  return delta === 0 ? "" : `${delta > 0 ? "+" : ""}${formatNumber(delta, 3)}`;
}
