import { useMemo } from "react";
import type { Column, Row } from "../../lib/columns";
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
  const runs = { ids, starts, colorOf: marks.colorOf, nameOf: (id: string) => names.get(id) ?? id };
  return (
    <div className="charts">
      <RunList rows={rows} marks={marks} />
      <div className="charts-main">
        <ChartTools state={state} update={update} />
        <div className="body charts-body">
          {ids.length ? (
            <ChartGrid metrics={metrics} filter={state.chartFilter} runs={runs} look={state} columns={state.chartColumns} height={state.chartHeight} />
          ) : (
            <p className="chart-note">Show a run with the eye at its left.</p>
          )}
        </div>
      </div>
    </div>
  );
}
