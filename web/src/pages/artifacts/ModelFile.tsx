import type { Owner } from "../../api/artifacts";
import { modelFileOf } from "../../lib/mlmodel";
import { loadModel } from "../../lib/snippets";
import { Empty, Snippet } from "../../ui/bits";
import { Signature } from "./Signature";

/** Where clients find the model that a file describes. */
function uriOf(owner: Owner, path: string): string {
  const folder = path.split("/").slice(0, -1).join("/");
  return owner.kind === "model" ? `models:/${owner.id}` : `runs:/${owner.id}${folder && `/${folder}`}`;
}

/** An `MLmodel` file as people read it: what the model takes and gives, and how to load it. */
export default function ModelFile({ owner, path, text }: { owner: Owner; path: string; text: string }) {
  const file = modelFileOf(text);
  if (!file) return <Empty title="Not the file of a model">Look at its source.</Empty>;
  return (
    <div className="stack pad" style={{ gap: 20 }}>
      <dl className="facts wide">
        {file.facts.map(([name, value]) => (
          <div key={name} style={{ display: "contents" }}>
            <dt>{name}</dt>
            <dd className={name.endsWith("ID") ? "mono" : "num"}>{value}</dd>
          </div>
        ))}
        <dt>Flavours</dt>
        <dd className="row wrap" style={{ gap: 4 }}>
          {file.flavors.map(({ name, version }) => (
            <span key={name} className="badge">
              {name} <span className="faint num">{version}</span>
            </span>
          ))}
        </dd>
      </dl>
      <Signature inputs={file.inputs} outputs={file.outputs} params={file.params} />
      <section className="stack" aria-label="Load it">
        <h2>Load it</h2>
        <Snippet code={loadModel(uriOf(owner, path))} />
      </section>
    </div>
  );
}
