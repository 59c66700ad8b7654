import { useMemo } from "react";
import type { ViewState } from "../../lib/viewState";
import type { HeaderActions } from "./HeaderCell";

function toggled(list: string[], item: string): string[] {
  return list.includes(item) ? list.filter((known) => known !== item) : [...list, item];
}

/** What the heads of columns do to the state of the page. */
export function useHeaderActions(state: ViewState, shown: string[], update: (change: Partial<ViewState>) => void): HeaderActions {
  return useMemo(
    () => ({
      onSort: (id, down) => {
        // Metrics are mostly looked at from the top, names from the start.
        const first = /^(metric|max):|^attribute:(start_time|duration)$/.test(id) ? `-${id}` : id;
        const other = state.sort.startsWith("-") ? id : `-${id}`;
        const isSorted = state.sort.replace(/^-/, "") === id;
        update({ sort: down === undefined ? (isSorted ? other : first) : down ? `-${id}` : id });
      },
      onResize: (id, width) => update({ widths: { ...state.widths, [id]: width } }),
      onHide: (id) => update({ columns: shown.filter((known) => known !== id), pinned: state.pinned.filter((known) => known !== id) }),
      onPin: (id) => update({ pinned: toggled(state.pinned, id) }),
      onAdd: (id, beside) => {
        if (shown.includes(id)) return;
        const at = shown.indexOf(beside) + 1;
        update({ columns: [...shown.slice(0, at), id, ...shown.slice(at)] });
      },
      onGroup: (id) => update({ groupBy: toggled(state.groupBy, id) }),
      onMove: (id, to) => {
        if (id === to || !shown.includes(id) || !shown.includes(to)) return;
        const rest = shown.filter((known) => known !== id);
        const at = rest.indexOf(to) + (shown.indexOf(id) < shown.indexOf(to) ? 1 : 0);
        update({ columns: [...rest.slice(0, at), id, ...rest.slice(at)] });
      },
    }),
    [state, shown, update],
  );
}
