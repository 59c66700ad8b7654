import { Plus, X } from "lucide-react";
import { useState } from "react";
import { messageOf } from "../../api/client";
import { createPrompt, createPromptVersion } from "../../api/registry";
import type { Message, Template } from "../../lib/prompts";
import { Button, IconButton } from "../../ui/Button";
import { FormDialog } from "../../ui/Dialog";
import { Segment } from "../../ui/bits";

interface Props {
  /** The prompt that gets a version; without it, a new one is made. */
  name?: string;
  /** What to begin with. */
  template?: Template;
  onClose: () => void;
  onSaved: (name: string, version: string) => Promise<unknown>;
}

const ROLES = ["system", "user", "assistant"];

/** Writes a version of a prompt. Versions never change, so that each save makes another one. */
export function EditPrompt({ name: known, template = "", onClose, onSaved }: Props) {
  const [name, setName] = useState(known ?? "");
  const [text, setText] = useState(typeof template === "string" ? template : "");
  const [messages, setMessages] = useState<Message[]>(typeof template === "string" ? [{ role: "system", content: "" }, { role: "user", content: template }] : template);
  const [kind, setKind] = useState<"text" | "chat">(typeof template === "string" ? "text" : "chat");
  const [note, setNote] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const written = kind === "text" ? text : messages.filter(({ content }) => content.trim());
  const save = async () => {
    if (!known) await createPrompt(name.trim());
    await onSaved(name.trim(), await createPromptVersion(name.trim(), written, note.trim()));
  };
  const submit = () => {
    setBusy(true);
    save()
      .then(onClose, (reason: unknown) => setError(messageOf(reason)))
      .finally(() => setBusy(false));
  };
  const change = (at: number, part: Partial<Message>) => setMessages(messages.map((message, index) => (index === at ? { ...message, ...part } : message)));
  return (
    <FormDialog title={known ? `New version of ${known}` : "New prompt"} action="Save" busy={busy} disabled={!name.trim() || !written.length} error={error} onClose={onClose} onSubmit={submit}>
      {!known && (
        <label className="field">
          <span>Name (letters, digits, “_”, “-” and “.”)</span>
          <input className="input" value={name} onChange={(event) => setName(event.target.value)} />
        </label>
      )}
      <Segment label="Kind" value={kind} options={[["text", "Text"], ["chat", "Messages"]]} onChange={setKind} />
      {kind === "text" ? (
        <label className="field">
          <span>Text, with {"{{ names }}"} for what is filled in later</span>
          <textarea className="input mono" rows={9} value={text} onChange={(event) => setText(event.target.value)} />
        </label>
      ) : (
        <>
          {messages.map((message, at) => (
            <div key={at} className="field">
              <div className="row">
                <select className="input" style={{ width: 130 }} aria-label={`Role of message ${at + 1}`} value={message.role} onChange={(event) => change(at, { role: event.target.value })}>
                  {[...new Set([...ROLES, message.role])].map((role) => (
                    <option key={role}>{role}</option>
                  ))}
                </select>
                <span className="grow" />
                {messages.length > 1 && (
                  <IconButton label={`Remove message ${at + 1}`} small onClick={() => setMessages(messages.filter((_, index) => index !== at))}>
                    <X />
                  </IconButton>
                )}
              </div>
              <textarea className="input mono" style={{ minHeight: 72 }} rows={3} aria-label={`Message ${at + 1}`} value={message.content} onChange={(event) => change(at, { content: event.target.value })} />
            </div>
          ))}
          <div>
            <Button small onClick={() => setMessages([...messages, { role: "user", content: "" }])}>
              <Plus />
              Message
            </Button>
          </div>
        </>
      )}
      <label className="field">
        <span>What changed</span>
        <input className="input" value={note} onChange={(event) => setNote(event.target.value)} />
      </label>
    </FormDialog>
  );
}
