import { useMemo } from "react";
import { diffLines } from "../../lib/diff";

const SIGNS = { same: " ", old: "−", new: "+" };

/** What changed from one text to another. */
export function TextDiff({ before, after }: { before: string; after: string }) {
  const lines = useMemo(() => diffLines(before, after), [before, after]);
  return (
    <pre className="diff">
      {lines.map((line, at) => (
        <div key={at} className={`diff-${line.kind}`}>
          <span aria-hidden>{SIGNS[line.kind]}</span>
          {line.text || " "}
        </div>
      ))}
    </pre>
  );
}
