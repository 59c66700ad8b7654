import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { Ellipsis, Trash2 } from "lucide-react";
import { useEffect, useState } from "react";
import {
  deleteVersion, deleteVersionTag, describeVersion, model as fetchModel, setVersionTag, version as fetchVersion,
} from "../../api/registry";
import { run as fetchRun } from "../../api/runs";
import { byKey, toRow } from "../../lib/columns";
import { exactNumber, formatNumber, formatTime } from "../../lib/format";
import { type ModelPlace, modelPlace } from "../../lib/modelPlace";
import { loadModel } from "../../lib/snippets";
import { IconButton } from "../../ui/Button";
import { EditableNote } from "../../ui/EditableNote";
import { Menu } from "../../ui/Menu";
import { ConfirmDialog } from "../../ui/NameDialog";
import { Tags } from "../../ui/Tags";
import { Failure, SkeletonRows, Snippet } from "../../ui/bits";
import { KeyValues } from "../run/KeyValues";
import { Aliases } from "./Aliases";
import { ModelSignature } from "./ModelSignature";
import { StageSelect } from "./StageSelect";

/** A version of a model: where it came from, and what it is used as. */
export function VersionPage() {
  const { name = "", version: number = "" } = useParams({ strict: false });
  const [deleting, setDeleting] = useState(false);
  const client = useQueryClient();
    const go = useNavigate();
  const { data, error, isPending, refetch } = useQuery({ queryKey: ["version", name, number], queryFn: () => fetchVersion(name, number) });
  const { data: model } = useQuery({ queryKey: ["model", name], queryFn: () => fetchModel(name) });
  const runId = data?.run_id ?? "";
  const { data: run } = useQuery({ queryKey: ["run", runId], queryFn: () => fetchRun(runId), enabled: Boolean(runId), retry: false });
  useEffect(() => {
    document.title = `${name} version ${number} · Oxflow`;
  }, [name, number]);
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (isPending) return <SkeletonRows />;
  const refresh = () => Promise.all(["version", "model", "models", "versions"].map((key) => client.invalidateQueries({ queryKey: [key] })));
  const row = run && toRow(run);
  const place = modelPlace(data.source ?? "", runId);
  const sort = <T,>(pairs: Map<string, T>) => [...pairs].sort(([a], [b]) => byKey(a, b));
  return (
    <>
      <header className="head line">
        <div className="crumbs grow">
          <Link to="/models">Models</Link>
          <span>/</span>
          <Link to="/models/$name" params={{ name }} className="truncate">
            {name}
          </Link>
          <span>/</span>
          <h1 className="num">Version {number}</h1>
          {data.status && data.status !== "READY" && <span className="badge warn">{data.status.replaceAll("_", " ").toLowerCase()}</span>}
          <Menu
            align="start"
            trigger={
              <IconButton label="Version actions" small>
                <Ellipsis />
              </IconButton>
            }
            items={[{ label: "Delete", icon: <Trash2 />, danger: true, onSelect: () => setDeleting(true) }]}
          />
        </div>
      </header>
      <div className="body pad">
        <div className="split">
          <div className="stack" style={{ gap: 24 }}>
            <EditableNote title="Description" text={data.description ?? ""} onSave={(text) => describeVersion(name, number, text).then(refresh)} />
            {row && (
              <div className="pair">
                <KeyValues title="Metrics of its run" empty="None." right items={sort(row.metrics).map(([key, value]) => ({ key, text: formatNumber(value, 4, true), title: exactNumber(value) }))} />
                <KeyValues title="Params of its run" empty="None." items={sort(row.params).map(([key, value]) => ({ key, text: value, title: value }))} />
              </div>
            )}
            <ModelSignature source={data.source ?? ""} runId={runId} />
            <section className="stack" aria-label="Load it">
              <h2>Load it</h2>
              <Snippet code={loadModel(`models:/${name}/${number}`)} />
            </section>
          </div>
          <aside className="stack" style={{ gap: 20 }}>
            <dl className="facts">
              <dt>Aliases</dt>
              <dd>{model && <Aliases model={model} version={number} onChanged={refresh} />}</dd>
              <dt>
                <label htmlFor="stage">Stage</label>
              </dt>
              <dd>
                <StageSelect model={model} version={data} onChanged={refresh} />
              </dd>
              <dt>Created</dt>
              <dd className="num">{formatTime(data.creation_timestamp)}</dd>
              <dt>Changed</dt>
              <dd className="num">{formatTime(data.last_updated_timestamp)}</dd>
              <dt>Run</dt>
              <dd>
                {run ? (
                  <Link to="/experiments/$experimentId/runs/$runId/$" params={{ experimentId: run.info.experiment_id, runId }} className="link">
                    {row?.name}
                  </Link>
                ) : (
                  <span className="mono">{runId || "–"}</span>
                )}
              </dd>
              <dt>Source</dt>
              <dd className="mono">{data.source}</dd>
              {place && (place.owner.kind === "model" || run) && (
                <>
                  <dt>Files</dt>
                  <dd>
                    <Files place={place} experimentId={run?.info.experiment_id} />
                  </dd>
                </>
              )}
            </dl>
            <section className="stack" aria-label="Tags">
              <h2>Tags</h2>
              <Tags
                tags={data.tags ?? []}
                onSet={(key, value) => setVersionTag(name, number, key, value).then(refresh)}
                onDelete={(key) => deleteVersionTag(name, number, key).then(refresh)}
              />
            </section>
          </aside>
        </div>
      </div>
      {deleting && (
        <ConfirmDialog
          title={`Delete version ${number} of ${name}?`}
          text="It is gone for good. The artifacts of its run stay."
          action="Delete"
          onClose={() => setDeleting(false)}
          onConfirm={async () => {
            await deleteVersion(name, number);
            await go({ to: "/models/$name", params: { name } });
            await refresh();
          }}
        />
      )}
    </>
  );
}

/** Where the files of the version can be looked at. */
function Files({ place, experimentId }: { place: ModelPlace; experimentId?: string }) {
  const { owner, folder } = place;
  const text = "Look at them";
  // The page of a logged model finds its experiment by itself.
  if (owner.kind === "model") {
    return (
      <Link to="/experiments/$experimentId/models/$modelId" params={{ experimentId: experimentId ?? "0", modelId: owner.id }} search={{ tab: "artifacts" }} className="link">
        {text}
      </Link>
    );
  }
  return (
    <Link to="/experiments/$experimentId/runs/$runId/$" params={{ experimentId: experimentId ?? "0", runId: owner.id, _splat: folder ? `artifacts/${folder}` : "artifacts" }} className="link">
      {text}
    </Link>
  );
}
