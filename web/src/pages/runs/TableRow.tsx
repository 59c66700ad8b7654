import { ChevronDown, ChevronRight, Eye, EyeOff } from "lucide-react";
import { type ReactNode, memo } from "react";
import { useNow } from "../../lib/clock";
import { type Row, cellValue, isRange } from "../../lib/columns";
import { exactNumber, formatAgo, formatDuration, formatNumber, formatTime } from "../../lib/format";
import { type GroupLine, type RunLine, groupCell } from "../../lib/lines";
import { StatusDot } from "../../ui/Status";
import { ColorButton } from "./ColorButton";
import type { Placed } from "./RunsTable";

interface Common {
  top: number;
  nameWidth: number;
  fixedWidth: number;
  fixed: Placed[];
  visible: Placed[];
  /** Another number when more lowest and highest values are known. */
  ranges: number;
  onFold: (id: string) => void;
}

interface RunProps extends Common {
  line: RunLine;
  selected: boolean;
  /** Whether the keyboard is here. */
  current: boolean;
  visibleInCharts: boolean;
  color: string;
  order: string[];
  onSelect: (id: string, range: boolean, order: string[]) => void;
  onShow: (id: string) => void;
  onColor: (id: string, color: string) => void;
}

const at = (top: number) => ({ transform: `translateY(${top}px)` });

export const RunRow = memo(function RunRow(props: RunProps) {
  const { line, selected, color, visibleInCharts } = props;
  const { row } = line;
  // Times are told from now, and lowest and highest values get known later; other cells stay what they are.
  const now = ({ column }: Placed) => (column.kind === "attribute" ? Date.now() : isRange(column) ? props.ranges : undefined);
  const classes = ["grid-line", "run", selected ? "selected" : "", props.current ? "current" : "", visibleInCharts ? "" : "dim"];
  return (
    <div role="row" className={classes.filter(Boolean).join(" ")} style={at(props.top)} data-run={row.id}>
      <div className="grid-fixed" style={{ width: props.fixedWidth }}>
        <div role="cell" className="grid-name" style={{ width: props.nameWidth }}>
          <input
            type="checkbox"
            aria-label={`Select ${row.name}`}
            checked={selected}
            onChange={() => undefined}
            onClick={(event) => props.onSelect(row.id, event.shiftKey, props.order)}
          />
          <button type="button" className="eye" aria-pressed={visibleInCharts} aria-label={`Show ${row.name} in charts`} onClick={() => props.onShow(row.id)}>
            {visibleInCharts ? <Eye size={14} /> : <EyeOff size={14} />}
          </button>
          <ColorButton color={color} name={row.name} onColor={(next) => props.onColor(row.id, next)} />
          {line.depth > 0 && <span style={{ width: line.depth * 16 }} />}
          {line.children > 0 && (
            <button type="button" className="fold" aria-expanded={line.open} aria-label={`Children of ${row.name}`} onClick={() => props.onFold(row.id)}>
              {line.open ? <ChevronDown size={14} /> : <ChevronRight size={14} />}
            </button>
          )}
          {/* Not one of the router's links: those compute too much for something that is drawn while it scrolls by. */}
          <a href={`#/experiments/${row.run.info.experiment_id}/runs/${row.id}`} className="truncate cell-link grow" title={row.name}>
            {row.name}
          </a>
          <StatusDot status={row.run.info.status} />
        </div>
        {props.fixed.map((placed) => (
          <Cell key={placed.column.id} row={row} placed={placed} pinned at={now(placed)} />
        ))}
      </div>
      {props.visible.map((placed) => (
        <Cell key={placed.column.id} row={row} placed={placed} at={now(placed)} />
      ))}
    </div>
  );
});

/** A cell as text, and what there is to read when that is cut off. */
export function cellText(row: Row, { column }: Pick<Placed, "column">): [string, string] {
  const value = cellValue(row, column);
  if (column.kind === "attribute") {
    if (column.key === "start_time" || column.key === "end_time") {
      return [formatAgo(value as number | undefined, Date.now()), formatTime(value as number | undefined)];
    }
    if (column.key === "duration") {
      const running = row.run.info.status === "RUNNING" && row.run.info.start_time;
      const text = formatDuration(running ? Date.now() - running : (value as number | undefined));
      return [text, text];
    }
    if (column.key === "status") return [String(value).charAt(0) + String(value).slice(1).toLowerCase(), ""];
  }
  if (value === undefined) return ["", ""];
  return typeof value === "number" ? [formatNumber(value, 4, true), exactNumber(value)] : [value, value];
}

/** How long a run goes on, by the second. */
export function Elapsed({ since }: { since: number }) {
  return formatDuration(Math.max(0, useNow() - since));
}

interface CellProps {
  row: Row;
  placed: Placed;
  pinned?: boolean;
  /** Another number when the same row may have another text. */
  at: number | undefined;
}

/** Not drawn again while its row moves across: a screen has hundreds. */
const Cell = memo(function Cell({ row, placed, pinned }: CellProps) {
  const { status, start_time: start } = row.run.info;
  if (placed.column.id === "attribute:duration" && status === "RUNNING" && start) return <Box placed={placed} pinned={pinned} text={<Elapsed since={start} />} title="" />;
  const [text, title] = cellText(row, placed);
  return <Box placed={placed} pinned={pinned} text={text} title={title} />;
});

function Box({ placed, pinned, text, title }: { placed: Placed; pinned?: boolean; text: ReactNode; title: string }) {
  const { width, left, right } = placed;
  return (
    <div
      role="cell"
      className={right ? "grid-cell num right" : "grid-cell num"}
      style={pinned ? { width } : { width, position: "absolute", left }}
      title={title}
    >
      {text || <span className="faint" aria-label="none">–</span>}
    </div>
  );
}

export const GroupRow = memo(function GroupRow({ line, ...props }: Common & { line: GroupLine }) {
  const cell = (placed: Placed, pinned?: boolean) => {
    const { text, title } = groupCell(line.rows, placed.column);
    return <Box key={placed.column.id} placed={placed} pinned={pinned} text={text} title={title} />;
  };
  return (
    <div role="row" className="grid-line group" style={at(props.top)}>
      <div className="grid-fixed" style={{ width: props.fixedWidth }}>
        <div role="cell" className="grid-name" style={{ width: props.nameWidth }}>
          <button type="button" className="row grow" aria-expanded={line.open} onClick={() => props.onFold(line.id)}>
            {line.open ? <ChevronDown size={14} /> : <ChevronRight size={14} />}
            <span className="truncate" title={line.label}>
              {line.label}
            </span>
            <span className="badge num">{line.rows.length}</span>
          </button>
        </div>
        {props.fixed.map((placed) => cell(placed, true))}
      </div>
      {props.visible.map((placed) => cell(placed))}
    </div>
  );
});
