import { ArrowDown, ArrowDownToLine, ArrowUp, ArrowUpToLine, ChevronDown, EyeOff, Group, Pin, PinOff } from "lucide-react";
import { memo } from "react";
import { isOrderedHere, isRange, orderKey } from "../../lib/columns";
import { Menu } from "../../ui/Menu";
import { Resizer } from "./Resizer";
import type { Placed } from "./RunsTable";

export interface HeaderActions {
  onSort: (id: string, down?: boolean) => void;
  /** While a column is dragged, and once more when that is done. */
  onResize: (id: string, width: number, done: boolean) => void;
  onHide: (id: string) => void;
  onPin: (id: string) => void;
  onGroup: (id: string) => void;
  /** Shows a column beside another one. */
  onAdd: (id: string, beside: string) => void;
  /** Moves a column to where another one is. */
  onMove: (id: string, to: string) => void;
}

interface Props {
  placed: Placed;
  sort: string;
  pinned?: boolean;
  actions: HeaderActions;
}

export const HeaderCell = memo(function HeaderCell({ placed, sort, pinned, actions }: Props) {
  const { column, width, left, right } = placed;
  const { id, label, kind } = column;
  const sortable = orderKey(column) !== undefined || isOrderedHere(column);
  const sorted = sort.replace(/^-/, "") === id;
  const down = sort.startsWith("-");
  const style = pinned ? { width } : { width, position: "absolute" as const, left };
  return (
    <div
      role="columnheader"
      aria-sort={sorted ? (down ? "descending" : "ascending") : "none"}
      className={right ? "grid-cell col-head right" : "grid-cell col-head"}
      style={style}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => actions.onMove(event.dataTransfer.getData("text/plain"), id)}
    >
      <button
        type="button"
        className="head-label truncate"
        title={isRange(column) ? `${kind === "min" ? "Lowest" : "Highest"} value of ${column.key}` : `${label} (${kind})`}
        draggable
        onDragStart={(event) => event.dataTransfer.setData("text/plain", id)}
        onClick={() => sortable && actions.onSort(id)}
      >
        {isRange(column) ? (
          <>
            <span className="head-kind">{kind}</span> {column.key}
          </>
        ) : (
          label
        )}
      </button>
      {sorted && (down ? <ArrowDown size={12} className="sorted" /> : <ArrowUp size={12} className="sorted" />)}
      <Menu
        align="start"
        trigger={
          <button type="button" className="head-menu" aria-label={`Actions for column ${label}`}>
            <ChevronDown size={13} />
          </button>
        }
        items={[
          { label: "Sort ascending", icon: <ArrowUp />, disabled: !sortable, onSelect: () => actions.onSort(id, false) },
          { label: "Sort descending", icon: <ArrowDown />, disabled: !sortable, onSelect: () => actions.onSort(id, true) },
          null,
          { label: pinned ? "Unpin" : "Pin to the left", icon: pinned ? <PinOff /> : <Pin />, onSelect: () => actions.onPin(id) },
          { label: "Group by this", icon: <Group />, disabled: kind === "metric" || isRange(column), onSelect: () => actions.onGroup(id) },
          ...(kind === "metric"
            ? [
                { label: "Show lowest", icon: <ArrowDownToLine />, onSelect: () => actions.onAdd(`min:${column.key}`, id) },
                { label: "Show highest", icon: <ArrowUpToLine />, onSelect: () => actions.onAdd(`max:${column.key}`, id) },
              ]
            : []),
          { label: "Hide", icon: <EyeOff />, onSelect: () => actions.onHide(id) },
        ]}
      />
      <Resizer width={width} onResize={(next, done) => actions.onResize(id, next, done)} />
    </div>
  );
});
