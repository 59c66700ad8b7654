import { ApiError, address, get, oxflow, refusalOf, unreachable } from "./client";
import { loggedModel } from "./loggedModels";
import type { FileInfo } from "./types";

/** Where a tree of artifacts belongs to. */
export type Owner = { kind: "run"; id: string } | { kind: "model"; id: string };

export async function listArtifacts(owner: Owner, path: string): Promise<FileInfo[]> {
  const listing =
    owner.kind === "run"
      ? await get("artifacts/list", { run_id: owner.id, path: path || undefined })
      : await get("logged-models/{model_id}/artifacts/directories", { model_id: owner.id, artifact_directory_path: path || undefined });
  const files = (listing.files ?? []) as FileInfo[];
  return files.sort((a, b) => Number(b.is_dir) - Number(a.is_dir) || a.path.localeCompare(b.path));
}

/** Where a folder can be had as one archive. */
export function archiveAddress(owner: Owner, path: string): string {
  const query = { path: path || undefined };
  return owner.kind === "run"
    ? oxflow.address("runs/{run_id}/artifacts/archive", { ...query, run_id: owner.id })
    : oxflow.address("logged-models/{model_id}/artifacts/archive", { ...query, model_id: owner.id });
}

/** Where a document (a page or a PDF) can be had so that a frame may show it. */
export function documentAddress(owner: Owner, path: string): string {
  return owner.kind === "run"
    ? oxflow.address("runs/{run_id}/artifacts/document", { path, run_id: owner.id })
    : oxflow.address("logged-models/{model_id}/artifacts/document", { path, model_id: owner.id });
}

/** Where a file can be had. */
export function artifactAddress(owner: Owner, path: string): string {
  if (owner.kind === "run") return address("get-artifact", { path, run_uuid: owner.id });
  return address(`ajax-api/2.0/mlflow/logged-models/${owner.id}/artifacts/files`, { artifact_file_path: path });
}

export interface TextPart {
  text: string;
  /** Bytes of the whole file. */
  total: number;
  /** Whether the text is all of it. */
  whole: boolean;
}

export type FileEnd = "start" | "end";

/** The beginning or the end of a file as text; a file of any size opens at once. */
export async function artifactText(owner: Owner, path: string, most: number, signal?: AbortSignal, end: FileEnd = "start"): Promise<TextPart> {
  const wanted = end === "start" ? `bytes=0-${most - 1}` : `bytes=-${most}`;
  const response = await fetch(artifactAddress(owner, path), { headers: { Range: wanted }, signal });
  // An empty file has no first byte.
  if (response.status === 416) return { text: "", total: 0, whole: true };
  if (!response.ok) throw new ApiError(response.status, "UNKNOWN", `The file cannot be read (${response.status}).`);
  const bytes = await response.arrayBuffer();
  const range = response.headers.get("content-range")?.split("/")[1];
  const total = range ? Number(range) : bytes.byteLength;
  const text = new TextDecoder().decode(end === "start" ? bytes.slice(0, most) : bytes.slice(-most));
  const whole = total <= most;
  // Where the end begins is somewhere in a line.
  return { text: end === "end" && !whole ? text.slice(text.indexOf("\n") + 1) : text, total, whole };
}

/** The scheme of artifacts that lie behind this server. */
const PROXIED = /^mlflow-artifacts:\/+(?:[^/]+:\d+\/)?/;

/** Where the files of a run or a model lie. */
async function rootOf(owner: Owner): Promise<string> {
  if (owner.kind === "run") return (await get("artifacts/list", { run_id: owner.id })).root_uri ?? "";
  return (await loggedModel(owner.id)).info.artifact_uri ?? "";
}

/**
 * Stores a file with a run or a model. Where the server keeps artifacts itself, a file may have any size; elsewhere,
 * the server carries on those of runs, within MLflow's limit.
 */
export async function uploadArtifact(owner: Owner, path: string, file: File, onSent: (bytes: number) => void): Promise<void> {
  const root = await rootOf(owner);
  const parts = (text: string) => text.split("/").filter(Boolean).map(encodeURIComponent).join("/");
  const direct = PROXIED.test(root);
  if (!direct && owner.kind === "model") {
    throw new ApiError(400, "INVALID_PARAMETER_VALUE", `The files of this model are not kept by the server. Upload them to ${root} with mlflow.artifacts.`);
  }
  const target = direct
    ? address(`ajax-api/2.0/mlflow-artifacts/artifacts/${parts(`${root.replace(PROXIED, "")}/${path}`)}`)
    : address("ajax-api/2.0/mlflow/upload-artifact", { run_uuid: owner.id, path });
  // Unlike `fetch`, this tells how far it is.
  await new Promise<void>((done, failed) => {
    const request = new XMLHttpRequest();
    request.open(direct ? "PUT" : "POST", target);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => onSent(event.loaded);
    request.onload = () => (request.status < 300 ? done() : failed(refusalOf(request.status, request.responseText)));
    request.onerror = () => failed(unreachable());
    request.send(file);
  });
}
