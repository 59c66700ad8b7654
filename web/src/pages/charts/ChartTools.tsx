import { Settings2 } from "lucide-react";
import { useState } from "react";
import type { ViewState, XAxis } from "../../lib/viewState";
import { Button } from "../../ui/Button";
import { Popover } from "../../ui/Menu";
import { SearchBox, Segment } from "../../ui/bits";

type Shared = Pick<ViewState, "xAxis" | "xMetric" | "logX" | "logY" | "smoothing" | "outliers" | "chartFilter" | "chartColumns" | "chartHeight">;

interface Props {
  state: Shared;
  /** Metrics that may stand on the horizontal axis. */
  metrics: string[];
  update: (change: Partial<Shared>) => void;
}

const X_AXES: [XAxis, string][] = [["step", "Step"], ["relative", "Relative"], ["time", "Time"]];

/** The metric that most likely counts how far a run is, or else the first. */
function counting(metrics: string[]): string {
  return metrics.find((metric) => /(^|[/_.-])(global_step|epochs?|steps?|iter(ation)?s?|tokens|samples|examples|batch(es)?)([/_.-]|$)/i.test(metric)) ?? metrics[0] ?? "";
}

/** How charts are drawn. */
export function ChartTools({ state, metrics, update }: Props) {
  const [weight, setWeight] = useState(state.smoothing);
  const [known, setKnown] = useState(state.smoothing);
  if (known !== state.smoothing) {
    setKnown(state.smoothing);
    setWeight(state.smoothing);
  }
  const box = (label: string, checked: boolean, change: Partial<Shared>) => (
    <label className="check">
      <input type="checkbox" checked={checked} onChange={() => update(change)} />
      {label}
    </label>
  );
  return (
    <div className="bar chart-tools">
      <SearchBox style={{ flex: "0 1 200px", minWidth: 96 }} placeholder="Search metrics" value={state.chartFilter} onChange={(event) => update({ chartFilter: event.target.value })} />
      <Segment<XAxis>
        label="Horizontal axis"
        value={state.xAxis}
        options={metrics.length ? [...X_AXES, ["metric", "Metric"]] : X_AXES}
        onChange={(xAxis) => update(xAxis === "metric" ? { xAxis, xMetric: metrics.includes(state.xMetric) ? state.xMetric : counting(metrics) } : { xAxis })}
      />
      {state.xAxis === "metric" && (
        <select className="input x-metric" aria-label="Metric on the horizontal axis" value={state.xMetric} onChange={(event) => update({ xMetric: event.target.value })}>
          {(metrics.includes(state.xMetric) ? metrics : [state.xMetric, ...metrics]).map((metric) => (
            <option key={metric}>{metric}</option>
          ))}
        </select>
      )}
      <label className="row smoothing">
        <span className="quiet">Smoothing</span>
        <input
          type="range"
          min={0}
          max={0.99}
          step={0.01}
          value={weight}
          onChange={(event) => setWeight(Number(event.target.value))}
          onPointerUp={() => update({ smoothing: weight })}
          onKeyUp={() => update({ smoothing: weight })}
        />
        <span className="num">{weight.toFixed(2)}</span>
      </label>
      {box("Log y", state.logY, { logY: !state.logY })}
      <span className="grow" />
      <Popover
        label="Charts"
        trigger={
          <Button>
            <Settings2 />
            Charts
          </Button>
        }
      >
        <div className="stack" style={{ gap: 12, width: 240 }}>
          {box("Log x", state.logX, { logX: !state.logX })}
          {box("Leave out outliers", !state.outliers, { outliers: !state.outliers })}
          <label className="field">
            <span>Charts in a row: {state.chartColumns}</span>
            <input type="range" min={1} max={6} value={state.chartColumns} onChange={(event) => update({ chartColumns: Number(event.target.value) })} />
          </label>
          <label className="field">
            <span>Height: {state.chartHeight} px</span>
            <input type="range" min={140} max={600} step={10} value={state.chartHeight} onChange={(event) => update({ chartHeight: Number(event.target.value) })} />
          </label>
        </div>
      </Popover>
    </div>
  );
}
