/** What versions of a model are compared by. */
import type { ModelVersion } from "../api/types";
import { type Row, columnsOf, isPlainTag } from "./columns";
import { type CompareLine, type CompareSection, compareSections } from "./compare";
import { formatTime } from "./format";
import type { Field, ModelFile } from "./mlmodel";

export interface ComparedVersion {
  version: ModelVersion;
  aliases: string[];
  /** The run it came from, if that is still there. */
  row?: Row;
  /** What its `MLmodel` says, if it has one. */
  file?: ModelFile;
}

function line(id: string, label: string, texts: string[]): CompareLine {
  return { id, label, texts, best: [], deltas: [] };
}

const fields = (list: Field[] | undefined) => (list ?? []).map(({ name, type, optional }) => `${name}: ${type}${optional ? " (optional)" : ""}`).join("\n");

/** Sections as for runs; the lines of those come last. A run that is gone has empty cells. */
export function versionSections(items: ComparedVersion[], differing: boolean): CompareSection[] {
  const about = [
    line("aliases", "Aliases", items.map(({ aliases }) => aliases.map((alias) => `@${alias}`).join(", "))),
    line("stage", "Stage", items.map(({ version }) => (version.current_stage === "None" ? "" : (version.current_stage ?? "")))),
    line("description", "Description", items.map(({ version }) => version.description ?? "")),
    line("created", "Created", items.map(({ version }) => formatTime(version.creation_timestamp))),
    line("source", "Source", items.map(({ version }) => version.source ?? "")),
  ];
  const keys = [...new Set(items.flatMap(({ version }) => (version.tags ?? []).map(({ key }) => key).filter(isPlainTag)))].sort();
  const tags = keys.map((key) => line(`version-tag:${key}`, key, items.map(({ version }) => version.tags?.find((tag) => tag.key === key)?.value ?? "")));
  const signature = (["inputs", "outputs", "params"] as const).map((part) => line(`signature:${part}`, part.charAt(0).toUpperCase() + part.slice(1), items.map(({ file }) => fields(file?.[part]))));
  const flavors = line("flavors", "Flavours", items.map(({ file }) => (file?.flavors ?? []).map(({ name, version }) => `${name} ${version}`.trim()).join(", ")));
  const own = [
    { name: "Version", lines: about },
    { name: "Tags", lines: tags },
    { name: "Model", lines: [...signature, flavors] },
  ];
  const shown = own.map(({ name, lines }) => ({
    name,
    lines: lines.filter(({ texts }) => texts.some(Boolean) && (!differing || new Set(texts).size > 1)),
  }));
  const rows = items.map(({ row }) => row ?? EMPTY);
  const known = rows.filter((row) => row !== EMPTY);
  const ofRuns = compareSections(rows, columnsOf(known).filter((item) => item.kind === "metric" || item.kind === "param"), differing);
  return [...shown, ...ofRuns.map((section) => ({ ...section, name: `${section.name} of the run` }))].filter(({ lines }) => lines.length);
}

const EMPTY: Row = {
  run: { info: { run_id: "", experiment_id: "", status: "FINISHED", lifecycle_stage: "active" } },
  id: "",
  name: "",
  metrics: new Map(),
  params: new Map(),
  tags: new Map(),
};
