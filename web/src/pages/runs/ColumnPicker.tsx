import { useVirtualizer } from "@tanstack/react-virtual";
import { Columns3, Pin } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { type Column, GROUPS } from "../../lib/columns";
import { fuzzyFilter } from "../../lib/fuzzy";
import { Button, IconButton } from "../../ui/Button";
import { Popover } from "../../ui/Menu";
import { SearchBox } from "../../ui/bits";

interface Props {
  all: Column[];
  shown: string[];
  pinned: string[];
  onChange: (shown: string[]) => void;
  onPin: (pinned: string[]) => void;
  onReset: () => void;
}

type Item = { head: string; columns: Column[] } | { column: Column };

/** Chooses the columns of the table; a thousand of them are searched and scrolled as well as ten. */
export function ColumnPicker({ all, shown, pinned, onChange, onPin, onReset }: Props) {
  const [text, setText] = useState("");
  const chosen = useMemo(() => new Set(shown), [shown]);
  const items = useMemo(() => {
    const found = fuzzyFilter(text, all, (item) => item.label);
    return GROUPS.flatMap(([kind, head]): Item[] => {
      const columns = found.filter((item) => item.kind === kind);
      return columns.length ? [{ head, columns }, ...columns.map((column) => ({ column }))] : [];
    });
  }, [all, text]);
  /** A column appears at the end, or beside the one it belongs to. */
  const toggle = (id: string, beside?: string) => {
    const at = beside && chosen.has(beside) ? shown.indexOf(beside) + 1 : shown.length;
    onChange(chosen.has(id) ? shown.filter((known) => known !== id) : [...shown.slice(0, at), id, ...shown.slice(at)]);
  };
  const toggleAll = (columns: Column[]) => {
    const ids = columns.map((item) => item.id);
    const every = ids.every((id) => chosen.has(id));
    onChange(every ? shown.filter((id) => !ids.includes(id)) : [...shown, ...ids.filter((id) => !chosen.has(id))]);
  };
  const [box, setBox] = useState<HTMLDivElement | null>(null);
  const virtual = useVirtualizer({ count: items.length, getScrollElement: useCallback(() => box, [box]), estimateSize: () => 28, overscan: 8 });
  return (
    <Popover
      label="Columns"
      trigger={
        <Button>
          <Columns3 />
          Columns
        </Button>
      }
    >
      <div className="stack" style={{ width: 320 }}>
        <SearchBox autoFocus placeholder="Search columns" value={text} onChange={(event) => setText(event.target.value)} />
        <div ref={setBox} className="picker" tabIndex={0} role="group" aria-label="Columns">
          <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
            {virtual.getVirtualItems().map(({ index, start }) => {
              const item = items[index] as Item;
              const place = { transform: `translateY(${start}px)` };
              if ("head" in item) {
                return (
                  <button key={item.head} type="button" className="picker-head" style={place} onClick={() => toggleAll(item.columns)}>
                    {item.head}
                    <span>{item.columns.every(({ id }) => chosen.has(id)) ? "Hide all" : "Show all"}</span>
                  </button>
                );
              }
              const { id, label, kind, key } = item.column;
              const isPinned = pinned.includes(id);
              return (
                <div key={id} className="picker-row" style={place}>
                  <label className="check grow">
                    <input type="checkbox" checked={chosen.has(id)} onChange={() => toggle(id)} />
                    <span className="truncate" title={label}>
                      {label}
                    </span>
                  </label>
                  {kind === "metric" &&
                    (["min", "max"] as const).map((end) => (
                      <button
                        key={end}
                        type="button"
                        className="picker-end"
                        aria-pressed={chosen.has(`${end}:${key}`)}
                        aria-label={`Show the ${end === "min" ? "lowest" : "highest"} value of ${key}`}
                        onClick={() => toggle(`${end}:${key}`, id)}
                      >
                        {end}
                      </button>
                    ))}
                  <IconButton
                    label={isPinned ? `Unpin ${label}` : `Pin ${label}`}
                    small
                    on={isPinned}
                    onClick={() => {
                      onPin(isPinned ? pinned.filter((known) => known !== id) : [...pinned, id]);
                      if (!chosen.has(id)) toggle(id);
                    }}
                  >
                    <Pin />
                  </IconButton>
                </div>
              );
            })}
          </div>
        </div>
        <div className="row">
          <span className="faint grow num">
            {shown.length} of {all.length} shown
          </span>
          <Button small onClick={onReset}>
            Reset
          </Button>
        </div>
      </div>
    </Popover>
  );
}
