import { get, patch, drop, post } from "./client";
import type { LoggedModel } from "./types";

interface Page {
  models?: LoggedModel[];
  next_page_token?: string;
}

export const searchLoggedModels = (experimentId: string, token?: string, signal?: AbortSignal) =>
  post("logged-models/search", { experiment_ids: [experimentId], max_results: 50, page_token: token }, signal) as Promise<Page>;

export async function loggedModel(id: string): Promise<LoggedModel> {
  return (await get("logged-models/{model_id}", { model_id: id })).model as LoggedModel;
}

export const setLoggedModelTag = (id: string, key: string, value: string) => patch("logged-models/{model_id}/tags", { tags: [{ key, value }] }, { model_id: id });
export const deleteLoggedModelTag = (id: string, key: string) => drop("logged-models/{model_id}/tags/{tag_key}", { model_id: id, tag_key: key });
export const deleteLoggedModel = (id: string) => drop("logged-models/{model_id}", { model_id: id });
