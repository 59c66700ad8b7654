import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import { parseCsv } from "../../lib/csv";

const MOST_COLUMNS = 200;

/** Rows and columns of a text. */
export function CsvTable({ text, separator }: { text: string; separator: string }) {
  const box = useRef<HTMLDivElement>(null);
  const [head = [], ...rows] = useMemo(() => parseCsv(text, separator), [text, separator]);
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
