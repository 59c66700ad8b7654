import { ApiError, address, get, oxflow, refusalOf, unreachable } from "./client";
import type { FileInfo } from "./types";

interface Listing {
  root_uri?: string;
  files?: FileInfo[];
  next_page_token?: string;
}

/** Where a tree of artifacts belongs to. */
export type Owner = { kind: "run"; id: string } | { kind: "model"; id: string };

export async function listArtifacts(owner: Owner, path: string): Promise<FileInfo[]> {
  const listing =
    owner.kind === "run"
      ? await get<Listing>("artifacts/list", { run_id: owner.id, path: path || undefined })
      : await get<Listing>(`logged-models/${owner.id}/artifacts/directories`, { artifact_directory_path: path || undefined });
  const files = listing.files ?? [];
  return files.sort((a, b) => Number(b.is_dir) - Number(a.is_dir) || a.path.localeCompare(b.path));
}

const base = (owner: Owner) => (owner.kind === "run" ? `runs/${owner.id}` : `logged-models/${owner.id}`);

/** Where a folder can be had as one archive. */
export function archiveAddress(owner: Owner, path: string): string {
  return oxflow.address(`${base(owner)}/artifacts/archive`, { path: path || undefined });
}

/** Where a document (a page or a PDF) can be had so that a frame may show it. */
export function documentAddress(owner: Owner, path: string): string {
  return oxflow.address(`${base(owner)}/artifacts/document`, { path });
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

/** The beginning of a file as text; a file of any size opens at once. */
export async function artifactText(owner: Owner, path: string, most: number, signal?: AbortSignal): Promise<TextPart> {
  const response = await fetch(artifactAddress(owner, path), { headers: { Range: `bytes=0-${most - 1}` }, signal });
  // An empty file has no first byte.
  if (response.status === 416) return { text: "", total: 0, whole: true };
  if (!response.ok) throw new ApiError(response.status, "UNKNOWN", `The file cannot be read (${response.status}).`);
  const bytes = await response.arrayBuffer();
  const range = response.headers.get("content-range")?.split("/")[1];
  const total = range ? Number(range) : bytes.byteLength;
  return { text: new TextDecoder().decode(bytes.slice(0, most)), total, whole: total <= most };
}

/** The scheme of artifacts that lie behind this server. */
const PROXIED = /^mlflow-artifacts:\/+(?:[^/]+:\d+\/)?/;

/**
 * Stores a file with a run. Where the server keeps artifacts itself, a file may have any size; elsewhere, it is the
 * server that carries it on, and MLflow's limit holds.
 */
export async function uploadArtifact(runId: string, path: string, file: File, onSent: (bytes: number) => void): Promise<void> {
  const { root_uri: root = "" } = await get<Listing>("artifacts/list", { run_id: runId });
  const parts = (text: string) => text.split("/").filter(Boolean).map(encodeURIComponent).join("/");
  const direct = PROXIED.test(root);
  const target = direct
    ? address(`ajax-api/2.0/mlflow-artifacts/artifacts/${parts(`${root.replace(PROXIED, "")}/${path}`)}`)
    : address("ajax-api/2.0/mlflow/upload-artifact", { run_uuid: runId, path });
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
