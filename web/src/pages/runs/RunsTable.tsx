import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import { type Column, type Row, cellValue, column, isRange } from "../../lib/columns";
import { rangeMetrics } from "../../lib/fetchRanges";
import type { TableLine } from "../../lib/lines";
import { HeaderCell, type HeaderActions } from "./HeaderCell";
import { GroupRow, RunRow } from "./TableRow";
import { useRowKeys } from "./useRowKeys";
import { NameHeader } from "./NameHeader";
import type { Marks } from "./useMarks";
import { useRanges } from "./useRanges";

const ROW = 30;
const HEAD = 32;
const NAME = 300;
const WIDTHS = { attribute: 116, metric: 112, min: 112, max: 112, param: 112, tag: 120 };
/** A page is fetched when this many rows are left below. */
const AHEAD = 40;

export interface Placed {
  column: Column;
  width: number;
  left: number;
  /** Numbers stand at the right, so that their digits are below each other. */
  right: boolean;
}

interface Props {
  lines: TableLine[];
  rows: Row[];
  columns: Column[];
  pinned: string[];
  widths: Record<string, number>;
  sort: string;
  marks: Marks;
  actions: HeaderActions;
  nameWidth: number;
  more: boolean;
  onMore: () => void;
  onFold: (id: string) => void;
}

function looksNumeric(item: Column, rows: Row[]): boolean {
  if (item.kind === "metric" || isRange(item)) return true;
  if (item.kind === "attribute") return item.key === "duration";
  const values = rows.slice(0, 60).map((row) => cellValue(row, item)).filter((value) => value !== undefined && value !== "");
  return values.length > 0 && values.every((value) => !Number.isNaN(Number(value)));
}

/** A mean and its deviation want more room than one number. */
const GROUPED = 152;

export function defaultWidth(item: Column, grouped: boolean): number {
  const least = grouped && (item.kind === "metric" || isRange(item)) ? GROUPED : WIDTHS[item.kind];
  return Math.max(least, Math.min(220, item.label.length * 7 + 34));
}

/** The table of runs. Only what can be seen is in the page, in both directions. */
export function RunsTable(props: Props) {
  const { lines, rows, columns, pinned, marks, more, onMore } = props;
  // The width of the column that is being dragged; the address hears of it when it is let go.
  const [dragged, setDragged] = useState<Record<string, number>>();
  const widths = useMemo(() => (dragged ? { ...props.widths, ...dragged } : props.widths), [props.widths, dragged]);
  const { actions: given } = props;
  const actions = useMemo(
    (): HeaderActions => ({
      ...given,
      onResize: (id, width, done) => {
        setDragged(done ? undefined : { [id]: width });
        if (done) given.onResize(id, width, done);
      },
    }),
    [given],
  );
  const box = useRef<HTMLDivElement>(null);
  const nameWidth = widths.name ?? props.nameWidth ?? NAME;
  const grouped = lines[0]?.kind === "group";
  // As text: while it stays the same, no cell is drawn anew because more rows came in.
  const numeric = useMemo(() => columns.filter((item) => looksNumeric(item, rows)).map((item) => item.id).join("\n"), [columns, rows]);
  const [fixed, free] = useMemo(() => {
    const atRight = new Set(numeric.split("\n"));
    const place = (items: Column[], start: number) => {
      let left = start;
      return items.map((item): Placed => {
        const width = widths[item.id] ?? defaultWidth(item, grouped);
        const placed = { column: item, width, left, right: atRight.has(item.id) };
        left += width;
        return placed;
      });
    };
    const fixedItems = pinned.filter((id) => columns.some((item) => item.id === id)).map(column);
    const first = place(fixedItems, nameWidth);
    const end = nameWidth + first.reduce((sum, item) => sum + item.width, 0);
    return [first, place(columns.filter((item) => !pinned.includes(item.id)), end)];
  }, [columns, pinned, widths, nameWidth, numeric, grouped]);
  const fixedWidth = nameWidth + fixed.reduce((sum, item) => sum + item.width, 0);
  const totalWidth = fixedWidth + free.reduce((sum, item) => sum + item.width, 0);

  const vertical = useVirtualizer({ count: lines.length, getScrollElement: () => box.current, estimateSize: () => ROW, overscan: 14, scrollMargin: HEAD });
  const horizontal = useVirtualizer({
    horizontal: true,
    count: free.length,
    getScrollElement: () => box.current,
    estimateSize: (at) => free[at]?.width ?? WIDTHS.metric,
    paddingStart: fixedWidth,
    overscan: 3,
  });
  useEffect(() => horizontal.measure(), [horizontal, free]);

  const items = vertical.getVirtualItems();
  const last = items[items.length - 1]?.index ?? 0;
  useEffect(() => {
    if (more && last >= lines.length - AHEAD) onMore();
  }, [more, last, lines.length, onMore]);

  const across = horizontal.getVirtualItems();
  const [from, to] = [across[0]?.index ?? 0, across[across.length - 1]?.index ?? -1];
  // The same list while nothing moves across, so that rows that only move down are not drawn again.
  const visible = useMemo(() => free.slice(from, to + 1), [free, from, to]);
  const [first, end] = [items[0]?.index ?? 0, last + 1];
  const seen = useMemo(() => lines.slice(first, end).flatMap((line) => (line.kind === "run" ? [line.row] : line.rows)), [lines, first, end]);
  const ranges = useRanges(useMemo(() => rangeMetrics(columns), [columns]), seen);
  const shown = useMemo(() => lines.flatMap((line) => (line.kind === "run" ? [line.row.id] : [])), [lines]);
  const current = useRowKeys(lines, shown, marks, props.onFold, (index) => vertical.scrollToIndex(index));
  return (
    <div className="grid-box" ref={box} tabIndex={0} role="region" aria-label="Runs">
      <div className="grid" role="table" aria-label="Runs" aria-rowcount={more ? -1 : lines.length + 1} style={{ width: totalWidth, height: HEAD + lines.length * ROW + 24 }}>
        <div role="rowgroup" className="grid-head" style={{ width: totalWidth }}>
          <div role="row" className="grid-line" style={{ height: HEAD }}>
            <div className="grid-fixed" style={{ width: fixedWidth }}>
              <NameHeader width={nameWidth} ids={shown} marks={marks} actions={actions} sort={props.sort} />
              {fixed.map((placed) => (
                <HeaderCell key={placed.column.id} placed={placed} sort={props.sort} pinned actions={actions} />
              ))}
            </div>
            {visible.map((placed) => (
              <HeaderCell key={placed.column.id} placed={placed} sort={props.sort} actions={actions} />
            ))}
          </div>
        </div>
        <div role="rowgroup">
          {items.map(({ index, start }) => {
            const line = lines[index];
            if (!line) return null;
            const common = { top: start, nameWidth, fixedWidth, fixed, visible, ranges, onFold: props.onFold };
            if (line.kind === "group") return <GroupRow key={`g${line.id}`} line={line} {...common} />;
            const { id } = line.row;
            return (
              <RunRow
                key={id}
                line={line}
                {...common}
                selected={marks.selected.has(id)}
                current={current === id}
                visibleInCharts={marks.visible.has(id)}
                color={marks.colorOf(id)}
                onSelect={marks.select}
                onShow={marks.show}
                onColor={marks.setColor}
                order={shown}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}
