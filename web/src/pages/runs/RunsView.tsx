import { ChartCandlestick, ChartLine, ChartScatter, Images, Mountain, Pause, Play, Table2, Waves } from "lucide-react";
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { ApiError, messageOf } from "../../api/client";
import { type Column, type Row, column, columnsOf, defaultColumns, differing, isOrderedHere, isRange, sortedHere } from "../../lib/columns";
import { formatNumber } from "../../lib/format";
import { LOGGED_IMAGES } from "../../lib/images";
import { arrange } from "../../lib/lines";
import { wantedOf } from "../../lib/runTable";
import { firstSteps } from "../../lib/snippets";
import { recall, remember } from "../../lib/storage";
import type { Mode } from "../../lib/viewState";
import { Button, IconButton } from "../../ui/Button";
import { Empty, Failure, Segment, SkeletonRows } from "../../ui/bits";
import { part } from "../../ui/part";
import { useKeys } from "../../ui/useKeys";
import { ColumnPicker } from "./ColumnPicker";
import { FilterBox } from "./FilterBox";
import { OptionsMenu } from "./OptionsMenu";
import { RunsTable } from "./RunsTable";
import { SelectionBar } from "./SelectionBar";
import { ViewsMenu } from "./ViewsMenu";
import { useHeaderActions } from "./useHeaderActions";
import { type LiveState, useLive } from "./useLive";
import { MOST_SHOWN, useMarks } from "./useMarks";
import { useRanges } from "./useRanges";
import { MOST_ARRANGED, useRunTable } from "./useRunTable";
import { searchOf, useRuns } from "./useRuns";
import { useView } from "./useView";
import { useWhole } from "./useWhole";

const ChartsPanel = part(() => import("../charts/ChartsPanel"));
const ScatterPanel = part(() => import("../charts/ScatterPanel"));
const ParallelPanel = part(() => import("../charts/ParallelPanel"));
const BoxPanel = part(() => import("../charts/BoxPanel"));
const ContourPanel = part(() => import("../charts/ContourPanel"));
const ImagesPanel = part(() => import("../images/ImagesPanel"));
const PANELS = { charts: ChartsPanel, scatter: ScatterPanel, parallel: ParallelPanel, box: BoxPanel, contour: ContourPanel, images: ImagesPanel };

const MODES: [Mode, React.ReactNode][] = [
  ["table", <ModeName key="t" icon={<Table2 />} name="Table" />],
  ["charts", <ModeName key="c" icon={<ChartLine />} name="Charts" />],
  ["scatter", <ModeName key="s" icon={<ChartScatter />} name="Scatter" />],
  ["parallel", <ModeName key="p" icon={<Waves />} name="Parallel" />],
  ["box", <ModeName key="b" icon={<ChartCandlestick />} name="Box" />],
  ["contour", <ModeName key="n" icon={<Mountain />} name="Contour" />],
  ["images", <ModeName key="i" icon={<Images />} name="Images" />],
];

/** Where there is little room, only the chosen one has its name shown. */
function ModeName({ icon, name }: { icon: React.ReactNode; name: string }) {
  return (
    <span className="mode" title={name}>
      {icon}
      <span className="mode-name">{name}</span>
    </span>
  );
}

interface Props {
  experimentIds: string[];
  name: string;
  /** Where there is room beside the tabs: the bar is left to the filter. */
  tabsEnd: HTMLElement | null;
}

export function RunsView({ experimentIds, name, tabsEnd }: Props) {
  const view = useView(experimentIds.join(","));
  const { state, update } = view;
  useEffect(() => {
    // While the runs are on their way, so is what draws them.
    if (state.mode !== "table") PANELS[state.mode].load();
  }, [state.mode]);
  const [paused, setPaused] = useState(() => recall("live.paused", false));
  const folded = useMemo(() => new Set(state.folded), [state.folded]);
  const filterBox = useRef<HTMLInputElement>(null);
  const search = useMemo(() => searchOf(experimentIds, state), [experimentIds, state]);
  const { rows, error, isPending, isFetching, isPlaceholderData, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useRuns(search);
  const live = useLive(search, paused);
  // What follows from all rows may come a little after them, but not after the first ones: columns would jump.
  const deferred = useDeferredValue(rows);
  const slowRows = deferred.length ? deferred : rows;
  const all = useMemo(() => columnsOf(slowRows), [slowRows]);
  // As text: while they stay the same, no cell is drawn anew because more rows came in.
  const standard = useMemo(() => JSON.stringify(defaultColumns(all, slowRows)), [all, slowRows]);
  const shownIds = useMemo(() => (state.columns.length ? state.columns : (JSON.parse(standard) as string[])), [state.columns, standard]);
  const differsIn = state.differing ? slowRows : undefined;
  const columns = useMemo(() => {
    const chosen = shownIds.map(column);
    return differsIn ? differing(chosen, differsIn) : chosen;
  }, [shownIds, differsIn]);
  const groupBy = useMemo(() => state.groupBy.map(column), [state.groupBy]);
  const sorted = useMemo(() => column(state.sort.replace(/^-/, "")), [state.sort]);
  // What the server does not do is done here, and takes all runs, as far as they are not here anyway.
  const orderedHere = isOrderedHere(sorted);
  const arranged = groupBy.length > 0 || state.nested || orderedHere;
  const wanted = useMemo(
    () => wantedOf([...groupBy, ...(orderedHere ? [sorted] : []), ...columns], state.nested, groupBy.length > 0 || isRange(sorted)),
    [groupBy, sorted, orderedHere, columns, state.nested],
  );
  const table = useRunTable(search, wanted, rows, arranged && hasNextPage);
  const marks = useMarks(table.rows, state, update);
  const ordered = useOrderedHere(table.rows, state.sort);
  const lines = useMemo(() => arrange(ordered ?? table.rows, { nested: state.nested, groupBy, folded }), [ordered, table.rows, state.nested, groupBy, folded]);
  const keys = useMemo(() => keysOf(all), [all]);
  const whole = useWhole(rows, marks.visible, state.mode !== "table" && arranged);

  const more = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage();
  }, [isFetchingNextPage, fetchNextPage]);
  // The same function as long as the page lives, so that no row is drawn anew for it.
  const current = useRef(view);
  useEffect(() => {
    current.current = view;
  });
  const fold = useCallback((id: string) => {
    const { state: now, update: change } = current.current;
    change({ folded: now.folded.includes(id) ? now.folded.filter((known) => known !== id) : [...now.folded, id] });
  }, []);
  const pause = (next: boolean) => {
    setPaused(next);
    remember("live.paused", next);
  };
  const setMode = (mode: Mode) => update({ mode });
  const actions = useHeaderActions(state, shownIds, update);
  useKeys({
    "/": () => filterBox.current?.focus(),
    "1": () => setMode("table"),
    "2": () => setMode("charts"),
    "3": () => setMode("scatter"),
    "4": () => setMode("parallel"),
    "5": () => setMode("box"),
    "6": () => setMode("contour"),
    "7": () => setMode("images"),
    p: () => pause(!paused),
    Escape: () => marks.setSelected([]),
  });

  if (!view.ready || (isPending && !rows.length)) return error ? <Failure error={error} retry={() => void refetch()} /> : <SkeletonRows count={14} height={30} />;
  const refusal = error instanceof ApiError && error.status === 400 && state.filter ? messageOf(error) : undefined;
  if (error && !refusal && !rows.length) return <Failure error={error} retry={() => void refetch()} />;
  const bare = !rows.length && !refusal && !state.filter && !state.deleted && !isFetching;
  const modes = state.mode === "images" || slowRows.some((row) => row.tags.has(LOGGED_IMAGES)) ? MODES : MODES.slice(0, -1);
  const Panel = state.mode === "table" ? undefined : PANELS[state.mode];
  const panel = { rows: whole, marks, state, update, columns: all };
  return (
    <div className="runs">
      <div className="bar">
        {tabsEnd && createPortal(<Segment label="View" value={state.mode} options={modes} onChange={setMode} />, tabsEnd)}
        <FilterBox ref={filterBox} value={state.filter} keys={keys} error={refusal} busy={isFetching} onChange={(filter) => update({ filter })} />
        {state.mode === "table" && (
          <ColumnPicker
            all={all}
            shown={shownIds}
            pinned={state.pinned}
            onChange={(next) => update({ columns: next })}
            onPin={(pinned) => update({ pinned })}
            onReset={() => update({ columns: [], pinned: [], widths: {} })}
          />
        )}
        <OptionsMenu state={state} columns={all} update={update} />
        <ViewsMenu experimentId={experimentIds.length === 1 ? experimentIds[0] : undefined} view={view} search={search} rows={rows} columns={columns} />
        <IconButton label={paused ? "Resume live updates (P)" : "Pause live updates (P)"} onClick={() => pause(!paused)}>
          {paused ? <Play /> : <Pause />}
        </IconButton>
      </div>
      {bare ? (
        <div className="body">
          <Empty title="No runs yet" code={firstSteps(name)}>
            Run this, and the run appears here by itself:
          </Empty>
        </div>
      ) : !rows.length && !isFetching ? (
        <div className="body">
          <Empty title="No run fits">
            <div className="row">
              {state.filter && <Button onClick={() => update({ filter: "" })}>Clear the filter</Button>}
              {state.deleted && <Button onClick={() => update({ deleted: false })}>Show active runs</Button>}
            </div>
          </Empty>
        </div>
      ) : Panel ? (
        <Panel {...panel} fallback={<SkeletonRows />} />
      ) : (
        <RunsTable
          lines={lines}
          rows={slowRows}
          columns={columns}
          pinned={state.pinned}
          widths={state.widths}
          sort={state.sort}
          marks={marks}
          actions={actions}
          nameWidth={300}
          more={hasNextPage && !arranged && !isPlaceholderData}
          onMore={more}
          onFold={fold}
        />
      )}
      <Foot
        text={`${formatNumber(table.rows.length)}${hasNextPage && (!arranged || table.reading || table.cut) ? "+" : ""} ${table.rows.length === 1 ? "run" : "runs"}`}
        charts={`${marks.visible.size} in charts${marks.visible.size >= MOST_SHOWN ? " (the most there can be)" : ""}`}
        live={live}
        busy={isFetching || table.reading}
        failed={table.error}
        cut={table.cut}
      />
      <SelectionBar search={search} marks={marks} rows={table.rows} columns={columns} deleted={state.deleted} experimentIds={experimentIds} />
    </div>
  );
}

/** Rows in an order that the server does not know, if they are sorted by one. */
function useOrderedHere(rows: Row[], sort: string): Row[] | undefined {
  const by = column(sort.replace(/^-/, ""));
  const wanted = isOrderedHere(by);
  const known = useRanges(isRange(by) ? [by.key] : [], rows);
  return useMemo(
    () => (wanted ? sortedHere(rows, sort, Date.now()) : undefined),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- what is known is another order
    [wanted, rows, sort, known],
  );
}

function keysOf(columns: Column[]) {
  const of = (kind: Column["kind"]) => columns.filter((item) => item.kind === kind).map((item) => item.key);
  return { metrics: of("metric"), params: of("param"), tags: of("tag") };
}

interface FootProps {
  text: string;
  charts: string;
  live: LiveState;
  busy: boolean;
  /** Why not all runs could be read for what is made of all of them. */
  failed: unknown;
  cut: boolean;
}

function Foot({ text, charts, live, busy, failed, cut }: FootProps) {
  const name = { on: "Live", paused: "Paused", lost: "Connection lost, trying again" }[live];
  const color = { on: "var(--good)", paused: "var(--warn)", lost: "var(--bad)" }[live];
  return (
    <div className="runs-foot num">
      <span data-testid="run-count">{text}</span>
      <span>{charts}</span>
      {Boolean(failed) && <span className="bad">Not all runs could be read: {messageOf(failed)}</span>}
      {cut && <span>Groups, trees, and orders by min, max, duration or dataset are made of the first {formatNumber(MOST_ARRANGED)} runs.</span>}
      <span className="grow" />
      {busy && <span>Loading…</span>}
      <span className="live-state" data-testid="live">
        <span className="dot" style={{ color }} />
        {name}
      </span>
    </div>
  );
}

