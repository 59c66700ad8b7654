/** Where the files of a model version lie, from its source. */
import type { Owner } from "../api/artifacts";

export interface ModelPlace {
  owner: Owner;
  /** The folder, without a slash at its end. */
  folder: string;
}

/** `models:/m-…`, `runs:/<id>/<folder>`, or a place among the artifacts of the run; `undefined` for any other. */
export function modelPlace(source: string, runId: string): ModelPlace | undefined {
  const model = /^models:\/(m-[0-9a-f]{32})\/?$/.exec(source);
  if (model?.[1]) return { owner: { kind: "model", id: model[1] }, folder: "" };
  const run = /^runs:\/+([^/]+)\/?(.*)$/.exec(source);
  if (run?.[1]) return { owner: { kind: "run", id: run[1] }, folder: (run[2] ?? "").replace(/\/$/, "") };
  const logged = /\/models\/(m-[0-9a-f]{32})\/artifacts\/?$/.exec(source);
  if (logged?.[1]) return { owner: { kind: "model", id: logged[1] }, folder: "" };
  const below = runId ? source.split(`/${runId}/artifacts/`)[1] : undefined;
  return below ? { owner: { kind: "run", id: runId }, folder: below.replace(/\/$/, "") } : undefined;
}
