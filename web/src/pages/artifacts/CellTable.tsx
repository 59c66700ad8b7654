import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";

const MOST_COLUMNS = 200;

/** Rows below a head; only those in sight are in the page. */
export function CellTable({ head, rows }: { head: string[]; rows: string[][] }) {
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => 28, overscan: 20 });
  const items = virtual.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items[items.length - 1]?.end ?? 0);
  const columns = head.slice(0, MOST_COLUMNS);
  return (
    <div className="csv" ref={box} tabIndex={0} role="region" aria-label="Rows">
      <table className="plain-table num">
        <thead>
          <tr>
            <th className="faint">#</th>
            {columns.map((name, at) => (
              <th key={at}>{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {before > 0 && <tr style={{ height: before }} />}
          {items.map(({ index }) => (
            <tr key={index}>
              <td className="faint">{index + 1}</td>
              {columns.map((_, at) => (
                <td key={at} title={rows[index]?.[at]}>
                  {rows[index]?.[at]}
                </td>
              ))}
            </tr>
          ))}
          {after > 0 && <tr style={{ height: after }} />}
        </tbody>
      </table>
    </div>
  );
}
