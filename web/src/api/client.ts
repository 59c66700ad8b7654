/** Talking to the server. Everything is relative to the document, so that pages work under any prefix. */

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

export const get = <T>(path: string, query: Query = {}, signal?: AbortSignal) => ask<T>(address(V2 + path, query), { signal });
export const post = <T>(path: string, body: unknown, signal?: AbortSignal) =>
  ask<T>(address(V2 + path), { ...withBody("POST", body), signal });
export const patch = <T>(path: string, body: unknown) => ask<T>(address(V2 + path), withBody("PATCH", body));
export const remove = <T>(path: string, body: unknown) => ask<T>(address(V2 + path), withBody("DELETE", body));

/** The same for what MLflow does not have. */
export const oxflow = {
  get: <T>(path: string, query: Query = {}, signal?: AbortSignal) => ask<T>(address(OXFLOW + path, query), { signal }),
  post: <T>(path: string, body: unknown) => ask<T>(address(OXFLOW + path), withBody("POST", body)),
  patch: <T>(path: string, body: unknown) => ask<T>(address(OXFLOW + path), withBody("PATCH", body)),
  remove: (path: string) => ask<unknown>(address(OXFLOW + path), { method: "DELETE" }),
  address: (path: string, query: Query) => address(OXFLOW + path, query),
};

/** What an error says to people. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
