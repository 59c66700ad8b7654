import type { Field } from "../../lib/mlmodel";

interface SignatureProps {
  inputs?: Field[];
  outputs?: Field[];
  params?: Field[];
}

/** What a model takes and gives. */
export function Signature({ inputs, outputs, params }: SignatureProps) {
  const parts: [string, Field[]][] = [["Inputs", inputs ?? []], ["Outputs", outputs ?? []], ["Params", params ?? []]];
  const known = parts.filter(([, fields]) => fields.length);
  return (
    <section className="stack" aria-label="Signature">
      <h2>Signature</h2>
      {!known.length && <p className="quiet">The model was logged without one. Pass `signature` or `input_example` to log_model.</p>}
      <div className="pair">
        {known.map(([name, fields]) => (
          <div key={name} className="panel">
            <div className="panel-head">
              <h3>{name}</h3>
              <span className="faint num">{fields.length}</span>
            </div>
            <div className="kv" tabIndex={0} role="list" aria-label={name}>
              {fields.map((field) => (
                <div key={field.name} className="kv-row" role="listitem">
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
      </div>
    </section>
  );
}
