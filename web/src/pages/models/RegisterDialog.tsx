import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { messageOf } from "../../api/client";
import { allModels, createModel, createVersion } from "../../api/registry";
import { FormDialog } from "../../ui/Dialog";
import { useToast } from "../../ui/Toasts";

interface Props {
  /** Where the model lies, as far as that is known. */
  source: string;
  runId?: string;
  onClose: () => void;
}

/** Makes a version of a registered model, which may be a new one. */
export function RegisterDialog({ source, runId, onClose }: Props) {
  const [name, setName] = useState("");
  const [place, setPlace] = useState(source);
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const client = useQueryClient();
  const toast = useToast();
  const go = useNavigate();
  const { data: models = [] } = useQuery({ queryKey: ["models"], queryFn: ({ signal }) => allModels(undefined, signal) });
  const register = async () => {
    const model = name.trim();
    if (!models.some((known) => known.name === model)) await createModel(model);
    const { model_version: made } = await createVersion(model, place.trim(), runId);
    await Promise.all(["model", "models", "versions"].map((key) => client.invalidateQueries({ queryKey: [key] })));
    toast.ok(`${model} has a version ${made?.version ?? ""}`);
    await go({ to: "/models/$name/versions/$version", params: { name: model, version: made?.version ?? "1" } });
  };
  const submit = () => {
    setBusy(true);
    register()
      .then(onClose, (reason: unknown) => setError(messageOf(reason)))
      .finally(() => setBusy(false));
  };
  return (
    <FormDialog title="Register a model" action="Register" busy={busy} disabled={!name.trim() || !place.trim()} error={error} onClose={onClose} onSubmit={submit}>
      <label className="field">
        <span>Model, known or new</span>
        <input className="input" list="known-models" value={name} onChange={(event) => setName(event.target.value)} />
      </label>
      <datalist id="known-models">
        {models.map((model) => (
          <option key={model.name} value={model.name} />
        ))}
      </datalist>
      <label className="field">
        <span>Source</span>
        <input className="input mono" value={place} onChange={(event) => setPlace(event.target.value)} />
      </label>
    </FormDialog>
  );
}
