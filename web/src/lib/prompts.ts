/** Prompts, as clients keep them in the tags of versions of registered models. */
import type { KeyValue, ModelVersion } from "../api/types";

const TEXT = "mlflow.prompt.text";
const IS_PROMPT = "mlflow.prompt.is_prompt";
const TYPE = "_mlflow_prompt_type";
const FORMAT = "_mlflow_prompt_response_format";
const MODEL = "_mlflow_prompt_model_config";

export interface Message {
  role: string;
  content: string;
}

/** A template of one text, or of messages. */
export type Template = string | Message[];

function tag(version: ModelVersion, key: string): string {
  return version.tags?.find((known) => known.key === key)?.value ?? "";
}

function messagesOf(text: string): Message[] | undefined {
  try {
    const list: unknown = JSON.parse(text);
    if (!Array.isArray(list) || !list.length) return undefined;
    return list.map((item: Record<string, unknown>) => ({ role: String(item.role ?? "?"), content: typeof item.content === "string" ? item.content : JSON.stringify(item.content, null, 2) }));
  } catch {
    return undefined;
  }
}

export function templateOf(version: ModelVersion): Template {
  const text = tag(version, TEXT);
  return (tag(version, TYPE) === "chat" || text.startsWith("[") ? messagesOf(text) : undefined) ?? text;
}

/** A template as one text, for copying and comparing. */
export function asText(template: Template): string {
  return typeof template === "string" ? template : template.map(({ role, content }) => `${role}:\n${content}`).join("\n\n");
}

/** The names that are filled in later, in the order of their first use. */
export function variablesOf(template: Template): string[] {
  const names = [...asText(template).matchAll(/\{\{\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*\}\}/g)].map(([, name]) => name as string);
  return [...new Set(names)];
}

/** What else a version says: the model it is for, and the form of the answer. JSON, so that it can be read and compared. */
export function extrasOf(version: ModelVersion): [string, string][] {
  const pretty = (text: string) => {
    try {
      return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      return text;
    }
  };
  return ([["Model", tag(version, MODEL)], ["Answer", tag(version, FORMAT)]] as [string, string][]).flatMap(([name, text]): [string, string][] => (text ? [[name, pretty(text)]] : []));
}

/** All of a version as one text, for comparing. */
export function versionText(version: ModelVersion): string {
  return [asText(templateOf(version)), ...extrasOf(version).map(([name, text]) => `${name}:\n${text}`)].join("\n\n");
}

/** The tags that make a prompt of a registered model. */
export const promptTags: KeyValue[] = [{ key: IS_PROMPT, value: "true" }];

/** The tags of a new version, as clients write them. */
export function versionTags(template: Template): KeyValue[] {
  const chat = typeof template !== "string";
  return [...promptTags, { key: TEXT, value: chat ? JSON.stringify(template) : template }, { key: TYPE, value: chat ? "chat" : "text" }];
}
