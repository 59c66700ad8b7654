import { get, post } from "./client";
import type { LoggedModel } from "./types";

interface Page {
  models?: LoggedModel[];
  next_page_token?: string;
}

export const searchLoggedModels = (experimentId: string, token?: string, signal?: AbortSignal) =>
  post<Page>("logged-models/search", { experiment_ids: [experimentId], max_results: 50, page_token: token }, signal);

export async function loggedModel(id: string): Promise<LoggedModel> {
  return (await get<{ model: LoggedModel }>(`logged-models/${id}`)).model;
}
