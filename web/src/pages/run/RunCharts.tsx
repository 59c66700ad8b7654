import { useMemo, useState } from "react";
import type { Row } from "../../lib/columns";
import { colorOf } from "../../lib/color";
import { recall, remember } from "../../lib/storage";
import { DEFAULTS } from "../../lib/viewState";
import { ChartGrid } from "../charts/ChartGrid";
import { ChartTools } from "../charts/ChartTools";

type Look = Parameters<typeof ChartTools>[0]["state"];

function standard(): Look {
  const { xAxis, xMetric, logX, logY, smoothing, outliers, chartFilter, chartColumns, chartHeight } = DEFAULTS;
  return { xAxis, xMetric, logX, logY, smoothing, outliers, chartFilter, chartColumns, chartHeight };
}

/** The curves of one run. */
export function RunCharts({ row, metrics }: { row: Row; metrics: string[] }) {
  const [look, setLook] = useState<Look>(() => ({ ...standard(), ...recall<Partial<Look>>("run.charts", {}) }));
  const { id, name } = row;
  const start = row.run.info.start_time ?? 0;
  const runs = useMemo(
    () => ({ ids: [id], starts: new Map([[id, start]]), colorOf: (other: string) => colorOf(other), nameOf: () => name }),
    [id, start, name],
  );
  const sorted = useMemo(() => [...metrics].sort((a, b) => a.localeCompare(b)), [metrics]);
  const update = (change: Partial<Look>) => {
    const next = { ...look, ...change };
    setLook(next);
    remember("run.charts", { ...next, chartFilter: "" });
  };
  return (
    <div className="charts-main grow">
      <ChartTools state={look} metrics={sorted} update={update} />
      <div className="body charts-body">
        {sorted.length ? (
          <ChartGrid metrics={sorted} filter={look.chartFilter} runs={runs} look={look} columns={look.chartColumns} height={look.chartHeight} />
        ) : (
          <p className="chart-note">This run logged no metrics.</p>
        )}
      </div>
    </div>
  );
}
