import { useCallback, useMemo, useRef, useState } from "react";
import { assignColors, colorOf } from "../../lib/color";
import type { Row } from "../../lib/columns";
import type { ViewState } from "../../lib/viewState";

/** Runs that charts show before anybody chose. */
export const FIRST_SHOWN = 10;
/** Runs that charts show at most. */
export const MOST_SHOWN = 50;

/** What runs are marked with, in the table and in charts alike. */
export interface Marks {
  selected: ReadonlySet<string>;
  /** Selects or deselects; a range of `order` with `range`. */
  select: (id: string, range: boolean, order: string[]) => void;
  setSelected: (ids: string[]) => void;
  visible: ReadonlySet<string>;
  show: (id: string) => void;
  showOnly: (ids: string[]) => void;
  colorOf: (id: string) => string;
  setColor: (id: string, color: string) => void;
}

/** The runs that charts show: the first ones, but for those that were hidden, and those that were added. */
export function visibleRuns(rows: Row[], hidden: string[], shown: string[], first = FIRST_SHOWN): string[] {
  const off = new Set(hidden);
  const extra = new Set(shown);
  return rows
    .filter((row, at) => (at < first || extra.has(row.id)) && !off.has(row.id))
    .slice(0, MOST_SHOWN)
    .map((row) => row.id);
}

export function useMarks(rows: Row[], state: ViewState, update: (change: Partial<ViewState>) => void): Marks {
  const [selected, setAll] = useState<ReadonlySet<string>>(new Set());
  const last = useRef<string>(undefined);
  const { hidden, shown, colors } = state;
  // A mean is of all runs there are, as far as charts go.
  const first = state.groupBy.length ? MOST_SHOWN : FIRST_SHOWN;
  const visible = useMemo(() => new Set(visibleRuns(rows, hidden, shown, first)), [rows, hidden, shown, first]);

  const assigned = useMemo(() => assignColors(visible, colors), [visible, colors]);

  const select = useCallback((id: string, range: boolean, order: string[]) => {
    const from = range && last.current ? order.indexOf(last.current) : -1;
    const to = order.indexOf(id);
    last.current = id;
    setAll((known) => {
      const next = new Set(known);
      if (from >= 0 && to >= 0) {
        for (const item of order.slice(Math.min(from, to), Math.max(from, to) + 1)) next.add(item);
      } else if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);
  const setSelected = useCallback((ids: string[]) => setAll(new Set(ids)), []);
  const show = (id: string) => {
    if (visible.has(id)) return update({ hidden: [...hidden, id], shown: shown.filter((known) => known !== id) });
    const isFirst = rows.slice(0, first).some((row) => row.id === id);
    update({ hidden: hidden.filter((known) => known !== id), shown: isFirst ? shown : [...shown, id] });
  };
  const showOnly = (ids: string[]) => {
    const wanted = new Set(ids);
    update({ hidden: rows.slice(0, first).filter((row) => !wanted.has(row.id)).map((row) => row.id), shown: ids });
  };
  return {
    selected,
    select,
    setSelected,
    visible,
    show,
    showOnly,
    colorOf: (id) => assigned.get(id) ?? colors[id] ?? colorOf(id),
    setColor: (id, color) => update({ colors: { ...colors, [id]: color } }),
  };
}
