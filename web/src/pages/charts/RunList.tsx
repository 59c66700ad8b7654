import { useVirtualizer } from "@tanstack/react-virtual";
import { Eye, EyeOff, Minus } from "lucide-react";
import { useRef } from "react";
import type { Row } from "../../lib/columns";
import { Button } from "../../ui/Button";
import { StatusDot } from "../../ui/Status";
import { ColorButton } from "../runs/ColorButton";
import { FIRST_SHOWN, MOST_SHOWN, type Marks } from "../runs/useMarks";

interface Props {
  rows: Row[];
  marks: Marks;
  /** The run that others are compared with. */
  baseline?: string;
  onBaseline?: (id: string) => void;
}

/** What a button with a picture only is called. */
const named = (name: string) => ({ "aria-label": name, title: name });

/** The runs beside the charts, with the same marks as in the table. */
export function RunList({ rows, marks, baseline, onBaseline }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => 28, overscan: 10 });
  const first = (count: number) => marks.showOnly(rows.slice(0, count).map((row) => row.id));
  return (
    <aside className="run-list" aria-label="Runs in charts">
      <div className="row run-list-head">
        <span className="faint grow num">{marks.visible.size} shown</span>
        <Button small look="ghost" onClick={() => first(FIRST_SHOWN)}>
          First {FIRST_SHOWN}
        </Button>
        <Button small look="ghost" onClick={() => first(MOST_SHOWN)}>
          {MOST_SHOWN}
        </Button>
        <Button small look="ghost" onClick={() => marks.showOnly([])}>
          None
        </Button>
      </div>
      <div className="body" ref={box} tabIndex={0} role="region" aria-label="Runs">
        <ul style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = rows[index] as Row;
            const shown = marks.visible.has(row.id);
            return (
              <li key={row.id} className={shown ? "run-line" : "run-line dim"} style={{ transform: `translateY(${start}px)` }}>
                <button type="button" className="eye" aria-pressed={shown} aria-label={`Show ${row.name} in charts`} onClick={() => marks.show(row.id)}>
                  {shown ? <Eye size={14} /> : <EyeOff size={14} />}
                </button>
                <ColorButton color={marks.colorOf(row.id)} name={row.name} onColor={(color) => marks.setColor(row.id, color)} />
                {/* As in the table: a link of the router's and a hint of our own would cost more than the rest of the row. */}
                <a href={`#/experiments/${row.run.info.experiment_id}/runs/${row.id}`} className="truncate grow cell-link" title={row.name}>
                  {row.name}
                </a>
                {onBaseline && (
                  <Button
                    {...named(baseline === row.id ? "Show values, not differences" : `Show differences to ${row.name}`)}
                    small
                    look="ghost"
                    className={baseline === row.id ? "icon baseline on" : "icon baseline"}
                    aria-pressed={baseline === row.id}
                    onClick={() => onBaseline(baseline === row.id ? "" : row.id)}
                  >
                    <Minus />
                  </Button>
                )}
                <StatusDot status={row.run.info.status} />
              </li>
            );
          })}
        </ul>
      </div>
    </aside>
  );
}
