import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { quoted } from "../../api/registry";
import type { DatasetInput, Run } from "../../api/types";
import { datasetFacts } from "../../lib/dataset";
import { formatNumber } from "../../lib/format";
import { Dialog } from "../../ui/Dialog";
import { CopyButton } from "../../ui/bits";

const contextOf = ({ tags }: DatasetInput) => tags?.find(({ key }) => key === "mlflow.data.context")?.value;

/** The datasets that a run used. */
export function Datasets({ run }: { run: Run }) {
  const [open, setOpen] = useState<DatasetInput>();
  const inputs = run.inputs?.dataset_inputs ?? [];
  if (!inputs.length) return null;
  return (
    <section className="stack" style={{ gap: 5 }} aria-label="Datasets">
      <h2>Datasets</h2>
      {inputs.map((input) => {
        const { name, digest } = input.dataset;
        const context = contextOf(input);
        return (
          <div key={`${name} ${digest} ${context ?? ""}`} className="row">
            <button type="button" className="link truncate" onClick={() => setOpen(input)}>
              {name}
            </button>
            <span className="mono faint">{digest}</span>
            {context && <span className="badge">{context}</span>}
          </div>
        );
      })}
      {open && <DatasetDialog input={open} experimentId={run.info.experiment_id} onClose={() => setOpen(undefined)} />}
    </section>
  );
}

function DatasetDialog({ input, experimentId, onClose }: { input: DatasetInput; experimentId: string; onClose: () => void }) {
  const { dataset } = input;
  const { parts, profile, source } = datasetFacts(dataset);
  const filter = `datasets.name = ${quoted(dataset.name)} AND datasets.digest = ${quoted(dataset.digest)}`;
  return (
    <Dialog title={dataset.name} onClose={onClose}>
      <dl className="facts">
        <dt>Digest</dt>
        <dd className="row" style={{ gap: 2 }}>
          <span className="mono">{dataset.digest}</span>
          <CopyButton text={dataset.digest} label="Copy the digest" />
        </dd>
        {contextOf(input) && (
          <>
            <dt>Used for</dt>
            <dd>{contextOf(input)}</dd>
          </>
        )}
        {profile.map(([name, value]) => (
          <div key={name} style={{ display: "contents" }}>
            <dt>{name.charAt(0).toUpperCase() + name.slice(1)}</dt>
            <dd className="num">{Number.isNaN(Number(value)) ? value : formatNumber(Number(value))}</dd>
          </div>
        ))}
        <dt>Source</dt>
        <dd>
          <span className="badge">{dataset.source_type}</span>
          <pre className="mono source">{source}</pre>
        </dd>
      </dl>
      {parts.map(([name, fields]) => (
        <div key={name} className="panel">
          <div className="panel-head">
            <h3>{name}</h3>
            <span className="faint num">{fields.length}</span>
          </div>
          <div className="kv" tabIndex={0} role="list" aria-label={name}>
            {fields.map((field, at) => (
              <div key={at} className="kv-row" role="listitem">
                <span className="truncate" title={field.name}>
                  {field.name}
                </span>
                <span className="mono quiet">
                  {field.type}
                  {field.optional && <span className="faint"> optional</span>}
                </span>
              </div>
            ))}
          </div>
        </div>
      ))}
      <Link to="/experiments/$experimentId" params={{ experimentId }} search={{ filter }} className="link" style={{ alignSelf: "start" }} onClick={onClose}>
        Runs of this experiment with the same data
      </Link>
    </Dialog>
  );
}
