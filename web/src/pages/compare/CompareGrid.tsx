import { type ReactNode, useState } from "react";
import type { CompareLine, CompareSection } from "../../lib/compare";
import { formatNumber } from "../../lib/format";
import { Dialog } from "../../ui/Dialog";
import { TextDiff } from "./TextDiff";

/** A value that is longer is compared line by line when it is pressed. */
const LONG = 60;

interface Props {
  sections: CompareSection[];
  /** What is compared, as it stands above the columns. */
  heads: ReactNode[];
  names: string[];
  /** A cell as text, and what there is to read when that is cut off. */
  cell: (line: CompareLine, at: number) => [string, string];
}

/** A column for each thing that is compared, a row for each thing it has. */
export function CompareGrid({ sections, heads, names, cell }: Props) {
  const [diff, setDiff] = useState<{ title: string; texts: string[] }>();
  return (
    <div className="body" tabIndex={0} role="region" aria-label="Comparison">
      <table className="plain-table compare num">
        <thead>
          <tr>
            <th>
              <span className="sr">What</span>
            </th>
            {heads.map((head, at) => (
              <th key={at}>{head}</th>
            ))}
          </tr>
        </thead>
        {sections.map((section) => (
          <tbody key={section.name}>
            <tr className="compare-section">
              <th colSpan={names.length + 1} scope="colgroup">
                {section.name} <span className="faint">{section.lines.length}</span>
              </th>
            </tr>
            {section.lines.map((line) => (
              <tr key={line.id}>
                <th scope="row" className="truncate" title={line.label}>
                  {line.label}
                </th>
                {names.map((_, at) => {
                  const [text, title] = cell(line, at);
                  const long = title.length > LONG || title.includes("\n");
                  return (
                    <td key={at} className={line.best.includes(at) ? "best" : ""} title={long ? "Press to compare line by line" : title}>
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
        <Dialog title={`${diff.title}: the first and each other`} wide onClose={() => setDiff(undefined)}>
          {diff.texts.slice(1).map((text, at) => (
            <section key={at} className="stack">
              <h3>{names[at + 1]}</h3>
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
