import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Box, Ellipsis, Trash2 } from "lucide-react";
import { useEffect, useState } from "react";
import { deleteLoggedModel, deleteLoggedModelTag, loggedModel, setLoggedModelTag } from "../../api/loggedModels";
import { quoted, versions } from "../../api/registry";
import type { LoggedModel } from "../../api/types";
import { exactNumber, formatNumber, formatTime, toNumber } from "../../lib/format";
import { loadModel } from "../../lib/snippets";
import { Button, IconButton } from "../../ui/Button";
import { Menu } from "../../ui/Menu";
import { ConfirmDialog } from "../../ui/NameDialog";
import { Tags } from "../../ui/Tags";
import { CopyButton, Failure, SkeletonRows, Snippet } from "../../ui/bits";
import { Artifacts } from "../artifacts/Artifacts";
import { KeyValues } from "../run/KeyValues";
import { ModelSignature } from "./ModelSignature";
import { ModelStatus } from "./ModelStatus";
import { RegisterDialog } from "./RegisterDialog";

/** A model that a run logged. */
export function LoggedModelPage() {
  const { modelId = "" } = useParams({ strict: false });
  const search: Record<string, unknown> = useSearch({ strict: false });
  const [asking, setAsking] = useState<"register" | "delete">();
  const client = useQueryClient();
  const go = useNavigate();
  const { data, error, isPending, refetch } = useQuery({ queryKey: ["logged-model", modelId], queryFn: () => loggedModel(modelId) });
  const name = data?.info.name;
  useEffect(() => {
    document.title = name ? `${name} · Oxflow` : "Oxflow";
  }, [name]);
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (isPending) return <SkeletonRows />;
  const { info } = data;
  const files = search.tab === "artifacts";
  const experimentId = info.experiment_id;
  const params = { experimentId, modelId };
  const close = () => setAsking(undefined);
  return (
    <>
      <header className="head">
        <div className="crumbs grow">
          <Link to="/experiments">Experiments</Link>
          <span>/</span>
          <Link to="/experiments/$experimentId/$tab" params={{ experimentId, tab: "models" }}>
            Logged models
          </Link>
          <span>/</span>
          <h1 className="truncate" title={info.name}>
            {info.name}
          </h1>
          <ModelStatus status={info.status} />
          <Menu
            align="start"
            trigger={
              <IconButton label="Model actions" small>
                <Ellipsis />
              </IconButton>
            }
            items={[{ label: "Delete", icon: <Trash2 />, danger: true, onSelect: () => setAsking("delete") }]}
          />
        </div>
        <Button onClick={() => setAsking("register")}>
          <Box />
          Register
        </Button>
      </header>
      <nav className="tabs" aria-label="Logged model">
        <Link to="/experiments/$experimentId/models/$modelId" params={params} search={{}} activeOptions={{ exact: true }} aria-current={files ? false : "page"}>
          Overview
        </Link>
        <Link to="/experiments/$experimentId/models/$modelId" params={params} search={{ tab: "artifacts" }} activeOptions={{ exact: true }} aria-current={files ? "page" : false}>
          Artifacts
        </Link>
      </nav>
      {files ? (
        <Artifacts
          owner={{ kind: "model", id: modelId }}
          path={typeof search.path === "string" ? search.path : ""}
          pathTo={(path) => ({ to: "/experiments/$experimentId/models/$modelId", params, search: { tab: "artifacts", path } })}
        />
      ) : (
        <Overview model={data} />
      )}
      {asking === "register" && <RegisterDialog source={`models:/${modelId}`} runId={info.source_run_id || undefined} onClose={close} />}
      {asking === "delete" && (
        <ConfirmDialog
          title={`Delete ${info.name}?`}
          text="Versions that were registered from it stay, and so do its files."
          action="Delete"
          onClose={close}
          onConfirm={async () => {
            await deleteLoggedModel(modelId);
            await go({ to: "/experiments/$experimentId/$tab", params: { experimentId, tab: "models" } });
            await client.invalidateQueries({ queryKey: ["logged-models"] });
          }}
        />
      )}
    </>
  );
}

function Overview({ model }: { model: LoggedModel }) {
  const { info, data } = model;
  const client = useQueryClient();
  const id = info.model_id;
  const refresh = () => client.invalidateQueries({ queryKey: ["logged-model", id] });
  const metrics = (data?.metrics ?? []).map((metric) => {
    const value = toNumber(metric.value);
    // The same metric may have been measured on several datasets.
    const key = metric.dataset_name ? `${metric.key} (${metric.dataset_name})` : metric.key;
    return { key, text: formatNumber(value, 4, true), title: exactNumber(value) };
  });
  return (
    <div className="body pad">
      <div className="split">
        <div className="stack" style={{ gap: 20 }}>
          <div className="pair">
            <KeyValues title="Metrics" empty="No metrics logged." right items={metrics} />
            <KeyValues title="Params" empty="No params logged." items={(data?.params ?? []).map(({ key, value }) => ({ key, text: value, title: value }))} />
          </div>
          <ModelSignature source={`models:/${id}`} runId="" />
          <section className="stack" aria-label="Load it">
            <h2>Load it</h2>
            <Snippet code={loadModel(`models:/${id}`)} />
          </section>
        </div>
        <aside className="stack" style={{ gap: 20 }}>
          <dl className="facts">
            <dt>Model ID</dt>
            <dd className="row" style={{ gap: 2 }}>
              <span className="mono truncate" title={id}>
                {id}
              </span>
              <CopyButton text={id} label="Copy the ID" />
            </dd>
            <dt>Type</dt>
            <dd>{info.model_type || "–"}</dd>
            <dt>Created</dt>
            <dd className="num">{formatTime(info.creation_timestamp_ms)}</dd>
            <dt>Run</dt>
            <dd>
              {info.source_run_id ? (
                <Link to="/experiments/$experimentId/runs/$runId/$" params={{ experimentId: info.experiment_id, runId: info.source_run_id }} className="link mono">
                  {info.source_run_id}
                </Link>
              ) : (
                "–"
              )}
            </dd>
            <dt>Artifacts</dt>
            <dd className="mono">{info.artifact_uri}</dd>
          </dl>
          <section className="stack" aria-label="Tags">
            <h2>Tags</h2>
            <Tags tags={info.tags ?? []} onSet={(key, value) => setLoggedModelTag(id, key, value).then(refresh)} onDelete={(key) => deleteLoggedModelTag(id, key).then(refresh)} />
          </section>
          <Registered id={id} runId={info.source_run_id} />
        </aside>
      </div>
    </div>
  );
}

/** The versions that were registered from a model: those of its run whose source is the model. */
function Registered({ id, runId }: { id: string; runId?: string }) {
  const { data = [] } = useQuery({ queryKey: ["versions", "run", runId], queryFn: () => versions(`run_id = ${quoted(runId ?? "")}`), enabled: Boolean(runId) });
  const mine = data.filter((version) => version.source?.includes(id));
  if (!mine.length) return null;
  return (
    <section className="stack" style={{ gap: 5 }} aria-label="Registered as">
      <h2>Registered as</h2>
      {mine.map(({ name, version }) => (
        <Link key={`${name} ${version}`} to="/models/$name/versions/$version" params={{ name, version }} className="link truncate">
          {name} version {version}
        </Link>
      ))}
    </section>
  );
}
