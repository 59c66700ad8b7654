import { useQueries } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { X } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { run as fetchRun } from "../../api/runs";
import { type Row, toRow } from "../../lib/columns";
import { assignColors } from "../../lib/color";
import { LOGGED_IMAGES } from "../../lib/images";
import { DEFAULTS } from "../../lib/viewState";
import { IconButton } from "../../ui/Button";
import { StatusDot } from "../../ui/Status";
import { Empty, Failure, Segment, SkeletonRows } from "../../ui/bits";
import { ChartGrid } from "../charts/ChartGrid";
import { ChartTools } from "../charts/ChartTools";
import { Pictures } from "../images/Pictures";
import { CompareFiles } from "./CompareFiles";
import { CompareTable } from "./CompareTable";

/** Runs that are laid beside each other at most. */
const MOST = 50;

function runIds(search: Record<string, unknown>): string[] {
  const { runs } = search;
  return Array.isArray(runs) ? runs.filter((id) => typeof id === "string").slice(0, MOST) : [];
}

type Shape = "table" | "charts" | "images" | "files";
const SHAPES: readonly Shape[] = ["table", "charts", "images", "files"];

/** Some runs beside each other. */
export function ComparePage() {
  const search: Record<string, unknown> = useSearch({ strict: false });
  const ids = useMemo(() => runIds(search), [search]);
  const go = useNavigate();
  const shape = SHAPES.includes(search.shape as Shape) ? (search.shape as Shape) : "table";
  const differing = search.differing !== false;
  const set = (change: Record<string, unknown>) => void go({ to: ".", search: (known: Record<string, unknown>) => ({ ...known, ...change }), replace: true });
  const colors = useMemo(() => assignColors(ids), [ids]);
  const colorOf = (id: string) => colors.get(id) ?? "";
  const found = useQueries({ queries: ids.map((id) => ({ queryKey: ["run", id], queryFn: () => fetchRun(id) })) });
  const error = found.find((query) => query.error)?.error;
  const pending = found.some((query) => query.isPending);
  const rows = found.flatMap((query) => (query.data ? [toRow(query.data)] : []));
  useEffect(() => {
    document.title = `Compare ${ids.length} runs · Oxflow`;
  }, [ids.length]);
  if (!ids.length) return <Empty title="Nothing to compare">Select runs in the table of an experiment, and press Compare.</Empty>;
  if (error) return <Failure error={error} />;
  if (pending) return <SkeletonRows />;
  const pictured = rows.filter((row) => row.tags.has(LOGGED_IMAGES));
  const shapes: [Shape, string][] = [["table", "Params and metrics"], ["charts", "Curves"], ...(pictured.length ? [["images", "Images"] as [Shape, string]] : []), ["files", "Files"]];
  const home = rows[0]?.run.info.experiment_id ?? "0";
  return (
    <>
      <header className="head line">
        <div className="crumbs">
          <Link to="/experiments">Experiments</Link>
          <span>/</span>
          <Link to="/experiments/$experimentId" params={{ experimentId: home }}>
            Runs
          </Link>
          <span>/</span>
          <h1 className="num">Compare {rows.length} runs</h1>
        </div>
        <span className="grow" />
        <Segment label="View" value={shape} options={shapes} onChange={(next) => set({ shape: next === "table" ? undefined : next })} />
        {shape === "table" && (
          <label className="check">
            <input type="checkbox" checked={differing} onChange={(event) => set({ differing: event.target.checked ? undefined : false })} />
            Only differences
          </label>
        )}
      </header>
      {shape === "table" ? (
        <CompareTable rows={rows} differing={differing} head={(row) => <RunHead row={row} ids={ids} color={colorOf(row.id)} />} />
      ) : shape === "charts" ? (
        <Curves rows={rows} colorOf={colorOf} metric={typeof search.metric === "string" ? search.metric : ""} />
      ) : shape === "images" ? (
        <Images rows={pictured} colorOf={colorOf} />
      ) : (
        <CompareFiles rows={rows} colorOf={colorOf} />
      )}
    </>
  );
}

function RunHead({ row, ids, color }: { row: Row; ids: string[]; color: string }) {
  const go = useNavigate();
  return (
    <span className="row" style={{ gap: 6 }}>
      <span className="swatch" style={{ background: color }} />
      <Link to="/experiments/$experimentId/runs/$runId/$" params={{ experimentId: row.run.info.experiment_id, runId: row.id }} className="truncate cell-link" title={row.name}>
        {row.name}
      </Link>
      <StatusDot status={row.run.info.status} />
      {ids.length > 2 && (
        <IconButton label={`Leave out ${row.name}`} small onClick={() => void go({ to: "/compare-runs", search: (known: Record<string, unknown>) => ({ ...known, runs: ids.filter((id) => id !== row.id) }) })}>
          <X />
        </IconButton>
      )}
    </span>
  );
}

function Images({ rows, colorOf }: { rows: Row[]; colorOf: (id: string) => string }) {
  const idText = rows.map((row) => row.id).join();
  const ids = useMemo(() => idText.split(","), [idText]);
  const names = new Map(rows.map((row) => [row.id, row.name]));
  return (
    <div className="charts-main grow">
      <Pictures runs={{ ids, starts: new Map(), colorOf, nameOf: (id) => names.get(id) ?? id }} />
    </div>
  );
}

function Curves({ rows, colorOf, metric }: { rows: Row[]; colorOf: (id: string) => string; metric: string }) {
  const [look, setLook] = useState({ ...DEFAULTS, chartFilter: metric });
  const idText = rows.map((row) => row.id).join();
  const ids = useMemo(() => idText.split(","), [idText]);
  const metrics = [...new Set(rows.flatMap((row) => [...row.metrics.keys()]))].sort((a, b) => a.localeCompare(b));
  const names = new Map(rows.map((row) => [row.id, row.name]));
  const startText = rows.map((row) => row.run.info.start_time ?? 0).join();
  const starts = useMemo(() => new Map(startText.split(",").map((start, at) => [ids[at] ?? "", Number(start)])), [startText, ids]);
  const runs = { ids, starts, colorOf, nameOf: (id: string) => names.get(id) ?? id };
  return (
    <div className="charts-main grow">
      <ChartTools state={look} metrics={metrics} update={(change) => setLook({ ...look, ...change })} />
      <div className="body charts-body">
        <ChartGrid metrics={metrics} filter={look.chartFilter} runs={runs} look={look} columns={look.chartColumns} height={look.chartHeight} />
      </div>
    </div>
  );
}
