/** Talking to the server. Everything is relative to the document, so that pages work under any prefix. */
import type { paths } from "./schema";

const V2 = "ajax-api/2.0/mlflow/";
const OXFLOW = "ajax-api/2.0/oxflow/";

/** What the server said no with. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** A value of a query string; lists are repeated. */
export type Query = Record<string, string | number | boolean | string[] | undefined>;

function queryString(query: Query): string {
  const parts = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const item of Array.isArray(value) ? value : [value]) parts.append(key, String(item));
  }
  const text = parts.toString();
  return text ? `?${text}` : "";
}

/** The address of something relative to the document. */
export function address(path: string, query: Query = {}): string {
  return new URL(path + queryString(query), document.baseURI.split("#")[0]).href;
}

/** What an answer that says no means. */
export function refusalOf(status: number, text: string): ApiError {
  const bare = `The server answered with status ${status}.`;
  try {
    const body = JSON.parse(text) as { error_code?: string; message?: string };
    return new ApiError(status, body.error_code ?? "UNKNOWN", body.message ?? bare);
  } catch {
    return new ApiError(status, "UNKNOWN", text.slice(0, 500) || bare);
  }
}

export function unreachable(): ApiError {
  return new ApiError(0, "UNREACHABLE", "The server does not answer. Is it running, and is the network up?");
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...init });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw unreachable();
  }
  if (!response.ok) throw refusalOf(response.status, await response.text());
  return (await response.json()) as T;
}

function withBody(method: string, body: unknown): RequestInit {
  return { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
}

type Verb = "get" | "post" | "patch" | "delete";
/** The paths of a family that know a verb, by what stands behind its prefix. */
type Names<Prefix extends string, V extends Verb> = {
  [P in keyof paths]: P extends `${Prefix}${infer Rest}` ? (paths[P] extends Record<V, object> ? Rest : never) : never;
}[keyof paths];
type Operation<Path extends string, V extends Verb> = Path extends keyof paths ? (paths[Path] extends Record<V, infer O> ? O : never) : never;
type Given<T> = [Exclude<T, undefined>] extends [never] ? unknown : Exclude<T, undefined>;
type Asked<O> = O extends { parameters: { query?: infer Q; path?: infer P } } ? Partial<Given<Q>> & Given<P> : never;
type Sent<O> = O extends { requestBody?: infer B } ? (Exclude<B, undefined> extends { content: { "application/json": infer Message } } ? Message : never) : never;
type Answered<O> = O extends { responses: { 200: { content: { "application/json": infer Message } } } } ? Message : unknown;

/** Fills the names in braces of a path from the query, which loses them. */
function filled(path: string, query: Query): [string, Query] {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const full = names.reduce((part, name = "") => part.replace(`{${name}}`, encodeURIComponent(String(query[name]))), path);
  return [full, Object.fromEntries(Object.entries(query).filter(([name]) => !names.includes(name)))];
}

/** Calls of a family of paths, checked against what the server says of itself. */
function family<Prefix extends string>(prefix: string) {
  type Of<P extends string, V extends Verb> = Operation<`${Prefix}${P}`, V>;
  const at = (path: string, query: Query = {}) => {
    const [full, rest] = filled(path, query);
    return address(prefix + full, rest);
  };
  return {
    get: <P extends Names<Prefix, "get">>(path: P, query: Asked<Of<P, "get">>, signal?: AbortSignal) => ask<Answered<Of<P, "get">>>(at(path, query as Query), { signal }),
    post: <P extends Names<Prefix, "post">>(path: P, body: Sent<Of<P, "post">>, signal?: AbortSignal) => ask<Answered<Of<P, "post">>>(at(path), { ...withBody("POST", body), signal }),
    patch: <P extends Names<Prefix, "patch">>(path: P, body: Sent<Of<P, "patch">>, names?: Query) => ask<Answered<Of<P, "patch">>>(at(path, names), withBody("PATCH", body)),
    remove: <P extends Names<Prefix, "delete">>(path: P, body: Sent<Of<P, "delete">>) => ask<unknown>(at(path), withBody("DELETE", body)),
    /** Deletes what a path names. */
    drop: (path: Names<Prefix, "delete">, names: Query) => ask<unknown>(at(path, names), { method: "DELETE" }),
    address: <P extends Names<Prefix, "get">>(path: P, query: Asked<Of<P, "get">>) => at(path, query as Query),
  };
}

export const { get, post, patch, remove, drop } = family<"/api/2.0/mlflow/">(V2);

/** The same for what MLflow does not have. */
export const oxflow = family<"/api/2.0/oxflow/">(OXFLOW);

/** What an error says to people. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
