import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { loggedModel } from "../../api/loggedModels";
import { exactNumber, formatNumber, formatTime, toNumber } from "../../lib/format";
import { CopyButton, Failure, SkeletonRows } from "../../ui/bits";
import { Artifacts } from "../artifacts/Artifacts";
import { KeyValues } from "../run/KeyValues";
import { ModelStatus } from "./ModelStatus";

/** A model that a run logged. */
export function LoggedModelPage() {
  const { experimentId = "", modelId = "" } = useParams({ strict: false });
  const search: Record<string, unknown> = useSearch({ strict: false });
  const { data, error, isPending, refetch } = useQuery({ queryKey: ["logged-model", modelId], queryFn: () => loggedModel(modelId) });
  const name = data?.info.name;
  useEffect(() => {
    document.title = name ? `${name} · Oxflow` : "Oxflow";
  }, [name]);
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (isPending) return <SkeletonRows />;
  const { info } = data;
  const files = search.tab === "artifacts";
  const params = { experimentId, modelId };
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
          <h1 className="truncate">{info.name}</h1>
          <ModelStatus status={info.status} />
        </div>
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
        <div className="body pad">
          <div className="split">
            <div className="pair">
              <KeyValues
                title="Metrics"
                empty="No metrics logged."
                right
                items={(data.data?.metrics ?? []).map((metric) => {
                  const value = toNumber(metric.value);
                  return { key: metric.key, text: formatNumber(value, 6), title: exactNumber(value) };
                })}
              />
              <KeyValues title="Params" empty="No params logged." items={(data.data?.params ?? []).map(({ key, value }) => ({ key, text: value, title: value }))} />
            </div>
            <dl className="facts">
              <dt>Model ID</dt>
              <dd className="row">
                <span className="mono truncate">{modelId}</span>
                <CopyButton text={modelId} />
              </dd>
              <dt>Type</dt>
              <dd>{info.model_type || "–"}</dd>
              <dt>Created</dt>
              <dd className="num">{formatTime(info.creation_timestamp_ms)}</dd>
              <dt>Run</dt>
              <dd>
                {info.source_run_id ? (
                  <Link to="/experiments/$experimentId/runs/$runId/$" params={{ experimentId, runId: info.source_run_id }} className="link mono">
                    {info.source_run_id}
                  </Link>
                ) : (
                  "–"
                )}
              </dd>
              <dt>Artifacts</dt>
              <dd className="mono">{info.artifact_uri}</dd>
            </dl>
          </div>
        </div>
      )}
    </>
  );
}
