import { useMemo } from "react";
import { assignColors } from "../../lib/color";
import { type Column, type Row, column } from "../../lib/columns";
import { groupOf } from "../../lib/lines";
import type { ViewState } from "../../lib/viewState";
import type { Marks } from "../runs/useMarks";
import { ChartGrid } from "./ChartGrid";
import { ChartTools } from "./ChartTools";
import { RunList } from "./RunList";

export interface PanelProps {
  rows: Row[];
  marks: Marks;
  state: ViewState;
  columns: Column[];
  update: (change: Partial<ViewState>) => void;
}

/** Which group a run is in, and how groups look. */
function groupsOf(rows: Row[], groupBy: Column[]) {
  if (!groupBy.length) return undefined;
  const of = new Map<string, string>();
  const names = new Map<string, string>();
  for (const row of rows) {
    const { id, label } = groupOf(row, groupBy);
    of.set(row.id, id);
    names.set(id, label);
  }
  return { of, names, colors: assignColors([...names.keys()].sort()) };
}

/** The runs at the left, a chart for each of their metrics at the right. */
export default function ChartsPanel({ rows, marks, state, update }: PanelProps) {
  const visible = marks.visible;
  const shown = useMemo(() => rows.filter((row) => visible.has(row.id)), [rows, visible]);
  const idText = shown.map((row) => row.id).join();
  const ids = useMemo(() => (idText ? idText.split(",") : []), [idText]);
  const metricText = useMemo(() => JSON.stringify([...new Set(shown.flatMap((row) => [...row.metrics.keys()]))].sort((a, b) => a.localeCompare(b))), [shown]);
  const metrics = useMemo(() => JSON.parse(metricText) as string[], [metricText]);
  const starts = useMemo(() => new Map(shown.map((row) => [row.id, row.run.info.start_time ?? 0])), [shown]);
  const names = useMemo(() => new Map(shown.map((row) => [row.id, row.name])), [shown]);
  const groups = useMemo(() => groupsOf(shown, state.groupBy.map(column)), [shown, state.groupBy]);
  const colorOf = (id: string) => (groups ? groups.colors.get(groups.of.get(id) ?? id) : undefined) ?? marks.colorOf(id);
  const runs = { ids, starts, colorOf, nameOf: (id: string) => groups?.names.get(id) ?? names.get(id) ?? id, groupOf: groups?.of, baseline: state.baseline };
  return (
    <div className="charts">
      <RunList rows={rows} marks={{ ...marks, colorOf }} baseline={state.baseline} onBaseline={(baseline) => update({ baseline })} />
      <div className="charts-main">
        <ChartTools state={state} metrics={metrics} update={(change) => update("xAxis" in change || "xMetric" in change ? { ...change, zoom: "" } : change)} />
        {groups && (
          <ul className="legend" aria-label="Groups">
            {[...groups.names].map(([id, name]) => (
              <li key={id} className="row">
                <span className="swatch" style={{ background: groups.colors.get(id) }} />
                <span className="truncate" title={name}>
                  {name}
                </span>
              </li>
            ))}
            <li className="faint">The line is the mean, the band from lowest to highest.</li>
          </ul>
        )}
        <div className="body charts-body">
          {ids.length ? (
            <ChartGrid
              metrics={metrics}
              filter={state.chartFilter}
              runs={runs}
              look={state}
              columns={state.chartColumns}
              height={state.chartHeight}
              order={state.chartOrder}
              sizes={state.chartSizes}
              onArrange={update}
              zoom={state.zoom}
              closedSections={state.closedSections}
            />
          ) : (
            <p className="chart-note">Show a run with the eye at its left.</p>
          )}
        </div>
      </div>
    </div>
  );
}
