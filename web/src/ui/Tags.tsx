import { Plus, X } from "lucide-react";
import { useState } from "react";
import type { KeyValue } from "../api/types";
import { isPlainTag } from "../lib/columns";
import { Button, IconButton } from "./Button";
import { FormDialog } from "./Dialog";
import { Tip } from "./Tip";
import { useToast } from "./Toasts";
import { messageOf } from "../api/client";

interface Props {
  tags: KeyValue[];
  onSet: (key: string, value: string) => Promise<unknown>;
  onDelete: (key: string) => Promise<unknown>;
}

/** The tags that people set, to be changed in place. */
export function Tags({ tags, onSet, onDelete }: Props) {
  const [adding, setAdding] = useState(false);
  const toast = useToast();
  const shown = tags.filter(({ key }) => isPlainTag(key));
  return (
    <div className="row wrap" style={{ gap: 5 }}>
      {shown.map(({ key, value }) => (
        <span key={key} className="badge">
          <Tip text={`${key}: ${value}`}>
            <span className="truncate">
              {key}
              {value && <span className="faint">: {value}</span>}
            </span>
          </Tip>
          <button type="button" aria-label={`Remove tag ${key}`} onClick={() => void onDelete(key).catch(toast.error)}>
            <X />
          </button>
        </span>
      ))}
      {shown.length ? (
        <IconButton label="Add tag" small onClick={() => setAdding(true)}>
          <Plus />
        </IconButton>
      ) : (
        <Button look="ghost" small onClick={() => setAdding(true)}>
          <Plus />
          Add tag
        </Button>
      )}
      {adding && <TagDialog onClose={() => setAdding(false)} onSet={onSet} />}
    </div>
  );
}

export function TagDialog({ title = "Add tag", onClose, onSet }: { title?: string; onClose: () => void; onSet: Props["onSet"] }) {
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const [error, setError] = useState("");
  const submit = () => {
    onSet(key.trim(), value).then(onClose, (reason: unknown) => setError(messageOf(reason)));
  };
  return (
    <FormDialog title={title} action="Save" disabled={!key.trim()} error={error} onClose={onClose} onSubmit={submit}>
      <label className="field">
        <span>Key</span>
        <input className="input" value={key} onChange={(event) => setKey(event.target.value)} />
      </label>
      <label className="field">
        <span>Value</span>
        <input className="input" value={value} onChange={(event) => setValue(event.target.value)} />
      </label>
    </FormDialog>
  );
}
