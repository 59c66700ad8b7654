import { useState } from "react";
import type { TableLine } from "../../lib/lines";
import { useKeys } from "../../ui/useKeys";
import type { Marks } from "./useMarks";

const idOf = (line: TableLine | undefined) => (line?.kind === "run" ? line.row.id : line?.id);

/** Walks through the table by keys, and says which run they act on. */
export function useRowKeys(lines: TableLine[], order: string[], marks: Marks, onFold: (id: string) => void, show: (index: number) => void): string | undefined {
  const [current, setCurrent] = useState<string>();
  const at = current === undefined ? -1 : lines.findIndex((line) => idOf(line) === current);
  const line = lines[at];
  const move = (by: number) => {
    const next = at < 0 ? 0 : Math.min(lines.length - 1, Math.max(0, at + by));
    setCurrent(idOf(lines[next]));
    show(next);
  };
  const ofRun = (action: (id: string) => void) => () => {
    if (line?.kind === "run") action(line.row.id);
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    x: (event) => ofRun((id) => marks.select(id, event.shiftKey, order))(),
    h: ofRun((id) => marks.show(id)),
    o: () => {
      if (line?.kind === "run") location.assign(`#/experiments/${line.row.run.info.experiment_id}/runs/${line.row.id}`);
      else if (line) onFold(line.id);
    },
  });
  return at < 0 ? undefined : current;
}
