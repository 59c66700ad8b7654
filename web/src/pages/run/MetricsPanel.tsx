import { useMemo, useState } from "react";
import { type Row, byKey } from "../../lib/columns";
import { exactNumber, formatNumber, toNumber } from "../../lib/format";
import { wordFilter } from "../../lib/fuzzy";
import { rangeOf } from "../../lib/ranges";
import { SearchBox } from "../../ui/bits";
import { useRanges } from "../runs/useRanges";

/** Beyond this many, there is a box to search in. */
const FEW = 8;
/** Rows that are put into the page; the search finds the others. */
const MOST = 500;
/** Metrics whose lowest and highest values are fetched: the server reads all points for them. */
const MOST_RANGES = 100;

/** The metrics of a run: their last values, and between which others they have been. */
export function MetricsPanel({ row }: { row: Row }) {
  const [text, setText] = useState("");
  const items = useMemo(
    () =>
      [...(row.run.data?.metrics ?? [])]
        .sort((a, b) => byKey(a.key, b.key))
        .map((metric) => ({ key: metric.key, value: toNumber(metric.value), step: metric.step ?? 0 })),
    [row],
  );
  const found = useMemo(() => wordFilter(text, items, (item) => item.key).slice(0, MOST), [items, text]);
  const keys = useMemo(() => found.slice(0, MOST_RANGES).map(({ key }) => key), [found]);
  const rows = useMemo(() => [row], [row]);
  useRanges(keys, rows);
  const cell = (value: number | undefined, where = "") => (
    <td className="right num" title={value === undefined ? undefined : exactNumber(value) + where}>
      {value === undefined ? <span className="faint">–</span> : formatNumber(value, 4, true)}
    </td>
  );
  return (
    <section className="panel" aria-label="Metrics">
      <div className="panel-head">
        <h2>Metrics</h2>
        <span className="faint num grow">{items.length}</span>
        {items.length > FEW && <SearchBox style={{ width: 180 }} placeholder="Search metrics" value={text} onChange={(event) => setText(event.target.value)} />}
      </div>
      {items.length ? (
        <div className="kv" tabIndex={0} role="region" aria-label="Metrics">
          <table className="plain-table tight metrics-table">
            <thead>
              <tr>
                <th>Name</th>
                <th className="right">Last</th>
                <th className="right">Min</th>
                <th className="right">Max</th>
              </tr>
            </thead>
            <tbody>
              {found.map(({ key, value, step }) => {
                const range = rangeOf(row.id, key);
                return (
                  <tr key={key}>
                    <td className="truncate quiet" title={key}>
                      {key}
                    </td>
                    {cell(value, ` at step ${formatNumber(step)}`)}
                    {cell(range?.min)}
                    {cell(range?.max)}
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      ) : (
        <p className="faint kv-note">No metrics logged.</p>
      )}
    </section>
  );
}
