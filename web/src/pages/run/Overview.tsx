import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useMemo, useState } from "react";
import { quoted, versions } from "../../api/registry";
import { deleteRunTag, run as fetchRun, searchRuns, setRunTag } from "../../api/runs";
import type { Run } from "../../api/types";
import type { WholeRow } from "../../lib/columns";
import { formatDuration, formatTime } from "../../lib/format";
import { runAgain } from "../../lib/runAgain";
import { loadRun } from "../../lib/snippets";
import { PARENT } from "../../lib/tree";
import { IconButton } from "../../ui/Button";
import { EditableNote } from "../../ui/EditableNote";
import { StatusDot } from "../../ui/Status";
import { Tags } from "../../ui/Tags";
import { CopyButton, Snippet } from "../../ui/bits";
import { Elapsed } from "../runs/TableRow";
import { RegisterDialog } from "../models/RegisterDialog";
import { Datasets } from "./Datasets";
import { KeyValues } from "./KeyValues";
import { MetricsPanel } from "./MetricsPanel";

const NOTE = "mlflow.note.content";

/** What a run was, from where, and what came out. */
export function Overview({ run, row }: { run: Run; row: WholeRow }) {
  const client = useQueryClient();
  const id = run.info.run_id;
  const refresh = () => client.invalidateQueries({ queryKey: ["run", id] });
  const params = useMemo(
    () => [...row.params].sort(([a], [b]) => a.localeCompare(b)).map(([key, value]) => ({ key, text: value, title: value })),
    [row],
  );
  const again = runAgain(row);
  return (
    <div className="body pad">
      <div className="split">
        <div className="stack" style={{ gap: 20 }}>
          <EditableNote title="Notes" text={row.tags.get(NOTE) ?? ""} onSave={(text) => setRunTag(id, NOTE, text).then(refresh)} />
          <div className="pair metrics-and-params">
            <MetricsPanel row={row} />
            <KeyValues title="Params" items={params} empty="No params logged." />
          </div>
          {again && (
            <section className="stack" aria-label="Run it again">
              <h2>Run it again</h2>
              <Snippet code={again} />
            </section>
          )}
          <section className="stack" aria-label="Load this run">
            <h2>Load this run</h2>
            <Snippet code={loadRun(id)} />
          </section>
        </div>
        <aside className="stack" style={{ gap: 20 }}>
          <Facts run={run} row={row} />
          <section className="stack" aria-label="Tags">
            <h2>Tags</h2>
            <Tags tags={run.data?.tags ?? []} onSet={(key, value) => setRunTag(id, key, value).then(refresh)} onDelete={(key) => deleteRunTag(id, key).then(refresh)} />
          </section>
          <Datasets run={run} />
          <Models runId={id} run={run} />
          <Family run={run} parent={row.tags.get(PARENT)} />
        </aside>
      </div>
    </div>
  );
}

function Facts({ run, row }: { run: Run; row: WholeRow }) {
  const { info } = run;
  const tag = (key: string) => row.tags.get(`mlflow.${key}`);
  const commit = tag("source.git.commit");
  const facts: [string, React.ReactNode][] = [
    ["Run ID", <span key="id" className="row" style={{ gap: 2 }}><span className="mono truncate" title={info.run_id}>{info.run_id}</span><CopyButton text={info.run_id} label="Copy the ID" /></span>],
    ["Started", <span key="s" className="num">{formatTime(info.start_time)}</span>],
    ["Ended", <span key="e" className="num">{formatTime(info.end_time)}</span>],
    ["Duration", <span key="d" className="num">{info.start_time && info.status === "RUNNING" ? <Elapsed since={info.start_time} /> : info.start_time && info.end_time ? formatDuration(info.end_time - info.start_time) : "–"}</span>],
    ["User", tag("user") ?? info.user_id],
    ["Source", tag("source.name")],
    ["Branch", tag("source.git.branch")],
    ["Commit", commit && <span key="c" className="row" style={{ gap: 2 }}><span className="mono">{commit.slice(0, 10)}</span><CopyButton text={commit} label="Copy the commit" /></span>],
    ["Image", tag("docker.image.uri") ?? tag("docker.image.name")],
    ["Environment", tag("project.env")],
    ["Artifacts", <span key="a" className="mono">{info.artifact_uri}</span>],
  ];
  return (
    <dl className="facts">
      {facts.filter(([, value]) => value).map(([name, value]) => (
        <div key={name} style={{ display: "contents" }}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Models({ runId, run }: { runId: string; run: Run }) {
  const { data = [] } = useQuery({ queryKey: ["versions", "run", runId], queryFn: () => versions(`run_id = ${quoted(runId)}`) });
  const [registering, setRegistering] = useState(false);
  const logged = run.outputs?.model_outputs ?? [];
  const last = logged[logged.length - 1];
  return (
    <section className="stack" style={{ gap: 5 }} aria-label="Models">
      <div className="row">
        <h2>Models</h2>
        <IconButton label="Register a model" small onClick={() => setRegistering(true)}>
          <Plus />
        </IconButton>
      </div>
      {!data.length && !logged.length && <p className="faint">None registered or logged.</p>}
      {registering && <RegisterDialog source={last ? `models:/${last.model_id}` : `runs:/${runId}/model`} runId={runId} onClose={() => setRegistering(false)} />}
      {data.map((item) => (
        <Link key={`${item.name} ${item.version}`} to="/models/$name/versions/$version" params={{ name: item.name, version: item.version }} className="link truncate">
          {item.name} version {item.version}
        </Link>
      ))}
      {logged.map(({ model_id: modelId }) => (
        <Link key={modelId} to="/experiments/$experimentId/models/$modelId" params={{ experimentId: run.info.experiment_id, modelId }} className="link mono truncate">
          {modelId}
        </Link>
      ))}
    </section>
  );
}

const MOST_CHILDREN = 50;

function Family({ run, parent }: { run: Run; parent?: string }) {
  const { info } = run;
  const { data: mother } = useQuery({ queryKey: ["run", parent], queryFn: () => fetchRun(parent ?? ""), enabled: Boolean(parent), retry: false });
  const search = { experimentIds: [info.experiment_id], filter: `tags.\`${PARENT}\` = ${quoted(info.run_id)}`, orderBy: [], deleted: false };
  const { data: page } = useQuery({ queryKey: ["children", info.run_id], queryFn: () => searchRuns(search, MOST_CHILDREN) });
  const children = page?.runs ?? [];
  const link = (item: Run) => (
    <div key={item.info.run_id} className="row">
      <StatusDot status={item.info.status} />
      <Link to="/experiments/$experimentId/runs/$runId/$" params={{ experimentId: item.info.experiment_id, runId: item.info.run_id }} className="link truncate">
        {item.info.run_name ?? item.info.run_id}
      </Link>
    </div>
  );
  return (
    <>
      {mother && (
        <section className="stack" style={{ gap: 5 }} aria-label="Parent">
          <h2>Parent</h2>
          {link(mother)}
        </section>
      )}
      {children.length > 0 && (
        <section className="stack" style={{ gap: 5 }} aria-label="Children">
          <h2>Children{page?.next_page_token ? `, the first ${MOST_CHILDREN}` : ""}</h2>
          {children.map(link)}
        </section>
      )}
    </>
  );
}
