import { Pencil } from "lucide-react";
import { useState } from "react";
import { Button, IconButton } from "./Button";
import { Markdown } from "./Markdown";
import { useToast } from "./Toasts";

/** Markdown that can be changed in place. */
export function EditableNote({ title, text, onSave }: { title: string; text: string; onSave: (text: string) => Promise<unknown> }) {
  const [draft, setDraft] = useState<string>();
  const [busy, setBusy] = useState(false);
  const toast = useToast();
  const save = async () => {
    setBusy(true);
    try {
      await onSave(draft ?? "");
      setDraft(undefined);
    } catch (error) {
      toast.error(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section className="stack" aria-label={title}>
      <div className="row">
        <h2>{title}</h2>
        {draft === undefined && (
          <IconButton label={`Edit ${title.toLowerCase()}`} small onClick={() => setDraft(text)}>
            <Pencil />
          </IconButton>
        )}
      </div>
      {draft === undefined ? (
        text ? <Markdown text={text} /> : <p className="faint">Nothing written yet.</p>
      ) : (
        <>
          <textarea className="input mono" aria-label={title} value={draft} rows={10} onChange={(event) => setDraft(event.target.value)} />
          <div className="row">
            <Button look="primary" disabled={busy} onClick={() => void save()}>
              Save
            </Button>
            <Button onClick={() => setDraft(undefined)}>Cancel</Button>
            <span className="faint">Markdown</span>
          </div>
        </>
      )}
    </section>
  );
}
