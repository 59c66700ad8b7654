import { get, patch, post, remove } from "./client";
import type { ModelVersion, RegisteredModel } from "./types";
import { type Template, promptTags, versionTags } from "../lib/prompts";

/** A text as a filter spells it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export async function allModels(filter?: string, signal?: AbortSignal): Promise<RegisteredModel[]> {
  const found: RegisteredModel[] = [];
  let token: string | undefined;
  do {
    const page: { registered_models?: unknown[]; next_page_token?: string } = await get("registered-models/search", { max_results: 1000, filter, page_token: token }, signal);
    found.push(...((page.registered_models ?? []) as RegisteredModel[]));
    token = page.next_page_token;
  } while (token);
  return found;
}

export const PROMPTS = "tags.`mlflow.prompt.is_prompt` = 'true'";

export async function versions(filter: string): Promise<ModelVersion[]> {
  const found: ModelVersion[] = [];
  let token: string | undefined;
  do {
    const page: { model_versions?: unknown[]; next_page_token?: string } = await get("model-versions/search", { max_results: 1000, filter, page_token: token });
    found.push(...((page.model_versions ?? []) as ModelVersion[]));
    token = page.next_page_token;
  } while (token);
  return found.sort((a, b) => Number(b.version) - Number(a.version));
}

export async function model(name: string): Promise<RegisteredModel> {
  return (await get("registered-models/get", { name })).registered_model as RegisteredModel;
}

export async function version(name: string, number: string): Promise<ModelVersion> {
  return (await get("model-versions/get", { name, version: number })).model_version as ModelVersion;
}

export const createModel = (name: string, description?: string) => post("registered-models/create", { name, description });
export const renameModel = (name: string, newName: string) => post("registered-models/rename", { name, new_name: newName });
export const describeModel = (name: string, description: string) => patch("registered-models/update", { name, description });
export const deleteModel = (name: string) => remove("registered-models/delete", { name });
export const setModelTag = (name: string, key: string, value: string) => post("registered-models/set-tag", { name, key, value });
export const deleteModelTag = (name: string, key: string) => remove("registered-models/delete-tag", { name, key });
export const setAlias = (name: string, alias: string, version: string) => post("registered-models/alias", { name, alias, version });
export const deleteAlias = (name: string, alias: string) => remove("registered-models/alias", { name, alias });

/** The server wants to know whose files a source names: those of a logged model, or those of a run. */
export function createVersion(name: string, source: string, runId?: string) {
  const modelId = /\b(m-[0-9a-f]{32})(?:\/artifacts)?\/?$/.exec(source)?.[1];
  return post("model-versions/create", modelId ? { name, source, model_id: modelId } : { name, source, run_id: runId });
}
export const describeVersion = (name: string, version: string, description: string) =>
  patch("model-versions/update", { name, version, description });
export const deleteVersion = (name: string, version: string) => remove("model-versions/delete", { name, version });
export const setVersionTag = (name: string, version: string, key: string, value: string) =>
  post("model-versions/set-tag", { name, version, key, value });
export const deleteVersionTag = (name: string, version: string, key: string) =>
  remove("model-versions/delete-tag", { name, version, key });
export const setStage = (name: string, version: string, stage: string, archive = false) =>
  post("model-versions/transition-stage", { name, version, stage, archive_existing_versions: archive });

/** What clients write as the source of a prompt, which has none. */
const NO_SOURCE = "dummy-source";

export const createPrompt = (name: string) => post("registered-models/create", { name, tags: promptTags });

/** Adds a version to a prompt, and says which it is. */
export async function createPromptVersion(name: string, template: Template, description: string): Promise<string> {
  const made = await post("model-versions/create", { name, source: NO_SOURCE, description, tags: versionTags(template) });
  return made.model_version?.version ?? "1";
}
