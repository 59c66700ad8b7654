import { useState } from "react";
import { messageOf } from "../api/client";
import { FormDialog } from "./Dialog";

interface Props {
  title: string;
  action: string;
  label?: string;
  initial?: string;
  onClose: () => void;
  onSave: (name: string) => Promise<unknown>;
}

/** Asks for a name. */
export function NameDialog({ title, action, label = "Name", initial = "", onClose, onSave }: Props) {
  const [name, setName] = useState(initial);
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = () => {
    setBusy(true);
    onSave(name.trim())
      .then(onClose, (reason: unknown) => setError(messageOf(reason)))
      .finally(() => setBusy(false));
  };
  return (
    <FormDialog title={title} action={action} busy={busy} disabled={!name.trim()} error={error} onClose={onClose} onSubmit={submit}>
      <label className="field">
        <span>{label}</span>
        <input
          className="input"
         
          value={name}
          onFocus={(event) => event.target.select()}
          onChange={(event) => setName(event.target.value)}
        />
      </label>
    </FormDialog>
  );
}

/** Asks whether something shall really happen. */
export function ConfirmDialog(props: { title: string; text: string; action: string; onClose: () => void; onConfirm: () => Promise<unknown> }) {
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = () => {
    setBusy(true);
    props
      .onConfirm()
      .then(props.onClose, (reason: unknown) => setError(messageOf(reason)))
      .finally(() => setBusy(false));
  };
  return (
    <FormDialog title={props.title} action={props.action} danger busy={busy} error={error} onClose={props.onClose} onSubmit={submit}>
      <p className="quiet">{props.text}</p>
    </FormDialog>
  );
}
