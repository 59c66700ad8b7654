import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { model, quoted, versions } from "../../api/registry";
import type { ModelVersion } from "../../api/types";
import { formatTime } from "../../lib/format";
import { CopyButton, Empty, Failure, Segment, SkeletonRows } from "../../ui/bits";
import { TextDiff } from "../compare/TextDiff";

const TEXT = "mlflow.prompt.text";

function promptText(version: ModelVersion | undefined): string {
  const text = version?.tags?.find(({ key }) => key === TEXT)?.value ?? "";
  try {
    // Prompts of several messages are kept as JSON.
    return text.startsWith("[") ? JSON.stringify(JSON.parse(text), null, 2) : text;
  } catch {
    return text;
  }
}

/** The versions of a prompt, and what changed from one to the next. */
export function PromptPage() {
  const { name = "" } = useParams({ strict: false });
  const [number, setNumber] = useState<string>();
  const [shape, setShape] = useState<"text" | "diff">("text");
  const { data, error, isPending, refetch } = useQuery({ queryKey: ["model", name], queryFn: () => model(name) });
  const filter = `name = ${quoted(name)} AND tags.\`mlflow.prompt.is_prompt\` = 'true'`;
  const { data: list, isPending: listPending } = useQuery({ queryKey: ["versions", "prompt", name], queryFn: () => versions(filter) });
  useEffect(() => {
    document.title = `${name} · Oxflow`;
  }, [name]);
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (isPending || listPending) return <SkeletonRows />;
  const all = list ?? [];
  const at = Math.max(0, all.findIndex((item) => item.version === number));
  const current = all[at];
  const before = all[at + 1];
  return (
    <>
      <header className="head line">
        <div className="crumbs grow">
          <Link to="/prompts">Prompts</Link>
          <span>/</span>
          <h1 className="truncate">{name}</h1>
        </div>
      </header>
      {!current ? (
        <Empty title="No versions yet" />
      ) : (
        <div className="files">
          <div className="files-tree" role="listbox" aria-label="Versions" tabIndex={0}>
            {all.map((item) => (
              <button key={item.version} type="button" role="option" className="file" aria-selected={item === current} onClick={() => setNumber(item.version)}>
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
          <div className="files-main">
            <div className="files-head">
              <h2 className="num">Version {current.version}</h2>
              <span className="faint num grow truncate">{formatTime(current.creation_timestamp)}</span>
              <Segment label="How" value={before ? shape : "text"} options={[["text", "Text"], ["diff", before ? `Changes since v${before.version}` : "Changes"]]} onChange={setShape} />
              <CopyButton text={promptText(current)} label="Copy the prompt" />
            </div>
            <div className="files-body" tabIndex={0} role="region" aria-label="Prompt">
              {shape === "diff" && before ? <TextDiff before={promptText(before)} after={promptText(current)} /> : <PromptText text={promptText(current)} />}
            </div>
          </div>
        </div>
      )}
    </>
  );
}

/** A prompt, with what is filled in later set apart. */
function PromptText({ text }: { text: string }) {
  const parts = text.split(/(\{\{[^{}]*\}\})/);
  return <pre className="prompt">{parts.map((part, at) => (at % 2 ? <mark key={at}>{part}</mark> : part))}</pre>;
}
