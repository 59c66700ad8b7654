import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Ellipsis, Plus, Trash2 } from "lucide-react";
import { useEffect, useState } from "react";
import { deleteModel, deleteModelTag, deleteVersion, deleteVersionTag, model, quoted, setModelTag, setVersionTag, versions } from "../../api/registry";
import type { ModelVersion, RegisteredModel } from "../../api/types";
import { formatTime } from "../../lib/format";
import { type Template, asText, extrasOf, templateOf, variablesOf, versionText } from "../../lib/prompts";
import { loadPrompt } from "../../lib/snippets";
import { Button, IconButton } from "../../ui/Button";
import { Menu } from "../../ui/Menu";
import { ConfirmDialog } from "../../ui/NameDialog";
import { Tags } from "../../ui/Tags";
import { CopyButton, Empty, Failure, Segment, SkeletonRows, Snippet } from "../../ui/bits";
import { TextDiff } from "../compare/TextDiff";
import { Aliases } from "../models/Aliases";
import { EditPrompt } from "./EditPrompt";

/** The versions of a prompt, what they say, and what changed between any two of them. */
export function PromptPage() {
  const { name = "" } = useParams({ strict: false });
  const search: Record<string, unknown> = useSearch({ strict: false });
  const [asking, setAsking] = useState<"new" | "delete" | "delete version">();
  const client = useQueryClient();
  const go = useNavigate();
  const { data, error, isPending, refetch } = useQuery({ queryKey: ["model", name], queryFn: () => model(name) });
  const filter = `name = ${quoted(name)} AND tags.\`mlflow.prompt.is_prompt\` = 'true'`;
  const { data: list, isPending: listPending } = useQuery({ queryKey: ["versions", "prompt", name], queryFn: () => versions(filter) });
  useEffect(() => {
    document.title = `${name} · Oxflow`;
  }, [name]);
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (isPending || listPending) return <SkeletonRows />;
  const all = list ?? [];
  const at = Math.max(0, all.findIndex((item) => item.version === String(search.version ?? "")));
  const current = all[at];
  const before = all.find((item) => item.version === String(search.against ?? "")) ?? all[at + 1];
  const refresh = () => Promise.all(["model", "versions", "prompts"].map((key) => client.invalidateQueries({ queryKey: [key] })));
  const set = (change: Record<string, unknown>) => go({ to: ".", search: (known: Record<string, unknown>) => ({ ...known, ...change }), replace: true });
  const close = () => setAsking(undefined);
  return (
    <>
      <header className="head line">
        <div className="crumbs grow">
          <Link to="/prompts">Prompts</Link>
          <span>/</span>
          <h1 className="truncate">{name}</h1>
          <Menu
            align="start"
            trigger={
              <IconButton label="Prompt actions" small>
                <Ellipsis />
              </IconButton>
            }
            items={[
              { label: current ? `Delete version ${current.version}` : "Delete version", icon: <Trash2 />, danger: true, disabled: !current, onSelect: () => setAsking("delete version") },
              { label: "Delete prompt", icon: <Trash2 />, danger: true, onSelect: () => setAsking("delete") },
            ]}
          />
        </div>
        <Tags tags={data.tags ?? []} onSet={(key, value) => setModelTag(name, key, value).then(refresh)} onDelete={(key) => deleteModelTag(name, key).then(refresh)} />
        <Button onClick={() => setAsking("new")}>
          <Plus />
          New version
        </Button>
      </header>
      {!current ? (
        <Empty title="No versions yet" />
      ) : (
        <div className="files">
          <div className="files-tree" role="listbox" aria-label="Versions" tabIndex={0}>
            {all.map((item) => (
              <button key={item.version} type="button" role="option" className="file" aria-selected={item === current} title={item.description} onClick={() => void set({ version: item.version, against: undefined })}>
                <span className="num" style={{ fontWeight: 500 }}>
                  v{item.version}
                </span>
                {data.aliases?.filter(({ version }) => version === item.version).map(({ alias }) => (
                  <span key={alias} className="badge accent">
                    @{alias}
                  </span>
                ))}
                <span className="truncate grow faint">{item.description}</span>
              </button>
            ))}
          </div>
          <Version prompt={data} current={current} before={before} all={all} diff={search.shape === "diff"} set={(change) => void set(change)} refresh={refresh} />
        </div>
      )}
      {asking === "new" && (
        <EditPrompt name={name} template={current && templateOf(current)} onClose={close} onSaved={async (_, version) => refresh().then(() => set({ version, against: undefined }))} />
      )}
      {asking === "delete version" && current && (
        <ConfirmDialog title={`Delete version ${current.version} of ${name}?`} text="It is gone for good." action="Delete" onClose={close} onConfirm={() => deleteVersion(name, current.version).then(refresh)} />
      )}
      {asking === "delete" && (
        <ConfirmDialog
          title={`Delete ${name}?`}
          text="All its versions go with it, for good."
          action="Delete"
          onClose={close}
          onConfirm={async () => {
            await deleteModel(name);
            await go({ to: "/prompts" });
            await client.invalidateQueries({ queryKey: ["prompts"] });
          }}
        />
      )}
    </>
  );
}

interface VersionProps {
  prompt: RegisteredModel;
  current: ModelVersion;
  /** The version that it is compared with. */
  before?: ModelVersion;
  all: ModelVersion[];
  diff: boolean;
  set: (change: Record<string, unknown>) => void;
  refresh: () => Promise<unknown>;
}

function Version({ prompt, current, before, all, diff, set, refresh }: VersionProps) {
  const template = templateOf(current);
  const { name } = prompt;
  const variables = variablesOf(template);
  return (
    <div className="files-main">
      <div className="files-head">
        <h2 className="num">Version {current.version}</h2>
        <Aliases model={prompt} version={current.version} onChanged={refresh} />
        <span className="faint num grow truncate" title={current.description}>
          {formatTime(current.creation_timestamp)}
        </span>
        <Segment
          label="How"
          value={before && diff ? "diff" : "text"}
          options={[["text", "Text"], ["diff", before ? `Changes since v${before.version}` : "Changes"]]}
          onChange={(shape) => set({ shape: shape === "diff" ? shape : undefined })}
        />
        {before && diff && all.length > 2 && (
          <select className="input" style={{ width: 90 }} aria-label="Compare with" value={before.version} onChange={(event) => set({ against: event.target.value })}>
            {all.filter((item) => item !== current).map((item) => (
              <option key={item.version} value={item.version}>
                v{item.version}
              </option>
            ))}
          </select>
        )}
        <CopyButton text={asText(template)} label="Copy the prompt" />
      </div>
      <div className="files-body" tabIndex={0} role="region" aria-label="Prompt">
        {diff && before ? (
          <TextDiff before={versionText(before)} after={versionText(current)} />
        ) : (
          <div className="stack pad" style={{ gap: 20 }}>
            {current.description && <p className="quiet">{current.description}</p>}
            <PromptTemplate template={template} />
            {extrasOf(current).map(([title, text]) => (
              <section key={title} className="stack" aria-label={title}>
                <h2>{title}</h2>
                <pre className="prompt panel">{text}</pre>
              </section>
            ))}
            <section className="stack" aria-label="Tags">
              <h2>Tags</h2>
              <Tags
                tags={current.tags ?? []}
                onSet={(key, value) => setVersionTag(name, current.version, key, value).then(refresh)}
                onDelete={(key) => deleteVersionTag(name, current.version, key).then(refresh)}
              />
            </section>
            <section className="stack" aria-label="Use it">
              <h2>Use it</h2>
              <Snippet code={loadPrompt(name, current.version, variables)} />
            </section>
          </div>
        )}
      </div>
    </div>
  );
}

function PromptTemplate({ template }: { template: Template }) {
  if (typeof template === "string") return <PromptText text={template} />;
  return template.map(({ role, content }, at) => (
    <section key={at} className="stack" aria-label={`Message ${at + 1}`} style={{ gap: 6 }}>
      <span className="badge" style={{ alignSelf: "start" }}>
        {role}
      </span>
      <PromptText text={content} />
    </section>
  ));
}

/** A prompt, with what is filled in later set apart. */
function PromptText({ text }: { text: string }) {
  const parts = text.split(/(\{\{[^{}]*\}\})/);
  return <pre className="prompt panel">{parts.map((part, at) => (at % 2 ? <mark key={at}>{part}</mark> : part))}</pre>;
}
