import { ChevronDown, ChevronRight } from "lucide-react";
import { useMemo, useState } from "react";
import { isSystemMetric } from "../../lib/columns";
import { sectionOf } from "../../lib/curves";
import { fuzzyScore } from "../../lib/fuzzy";
import { ChartCard, type ChartLook, type Runs } from "./ChartCard";
import type { Range } from "./Chart";

interface Props {
  metrics: string[];
  filter: string;
  runs: Runs;
  look: ChartLook;
  columns: number;
  height: number;
}

interface Section {
  name: string;
  metrics: string[];
}

/** Sections by what stands before the last slash; what the machine did comes last. */
export function sections(metrics: string[], filter: string): Section[] {
  const found = new Map<string, string[]>();
  for (const metric of metrics) {
    if (filter && !fuzzyScore(filter, metric)) continue;
    const name = isSystemMetric(metric) ? "system" : sectionOf(metric);
    found.set(name, [...(found.get(name) ?? []), metric]);
  }
  return [...found]
    .map(([name, list]) => ({ name, metrics: list }))
    .sort((a, b) => Number(a.name === "system") - Number(b.name === "system") || a.name.localeCompare(b.name));
}

/** A chart for each metric. */
export function ChartGrid({ metrics, filter, runs, look, columns, height }: Props) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [range, setRange] = useState<Range>();
  const [rangeAxis, setRangeAxis] = useState(look.xAxis);
  if (rangeAxis !== look.xAxis) {
    // A range of steps means nothing on a time axis.
    setRangeAxis(look.xAxis);
    setRange(undefined);
  }
  const list = useMemo(() => sections(metrics, filter), [metrics, filter]);
  if (!list.length) return <p className="chart-note">No metric fits.</p>;
  return list.map(({ name, metrics: inside }) => {
    const open = !closed.has(name);
    return (
      <section key={name} className="chart-section" aria-label={name || "Metrics"}>
        <button
          type="button"
          className="chart-section-head"
          aria-expanded={open}
          onClick={() => setClosed((known) => new Set(open ? [...known, name] : [...known].filter((item) => item !== name)))}
        >
          {open ? <ChevronDown size={14} /> : <ChevronRight size={14} />}
          {name || "Metrics"}
          <span className="faint num">{inside.length}</span>
        </button>
        {open && (
          <div className="chart-grid" style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}>
            {inside.map((metric) => (
              <ChartCard
                key={metric}
                metric={metric}
                title={name && metric.startsWith(`${name}/`) ? metric.slice(name.length + 1) : metric}
                runs={runs}
                look={look}
                height={height}
                range={range}
                onRange={setRange}
              />
            ))}
          </div>
        )}
      </section>
    );
  });
}
