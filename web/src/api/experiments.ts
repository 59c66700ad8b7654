import { get, oxflow, post } from "./client";
import type { Activity, Experiment } from "./types";

export type Stage = "ACTIVE_ONLY" | "DELETED_ONLY" | "ALL";

/** All experiments of a stage. Ten thousand of them are a few megabytes, and searching them here is instant. */
export async function allExperiments(stage: Stage, signal?: AbortSignal): Promise<Experiment[]> {
  const found: Experiment[] = [];
  let token: string | undefined;
  do {
    const page: { experiments?: unknown[]; next_page_token?: string } = await post(
      "experiments/search",
      { max_results: 5000, view_type: stage, order_by: ["last_update_time DESC"], page_token: token },
      signal,
    );
    found.push(...((page.experiments ?? []) as Experiment[]));
    token = page.next_page_token;
  } while (token);
  return found;
}

export async function experiment(id: string): Promise<Experiment> {
  return (await get("experiments/get", { experiment_id: id })).experiment as Experiment;
}

/** Gives the id of the new one. */
export async function createExperiment(name: string): Promise<string> {
  return (await post("experiments/create", { name })).experiment_id as string;
}
export const renameExperiment = (id: string, name: string) => post("experiments/update", { experiment_id: id, new_name: name });
export const deleteExperiment = (id: string) => post("experiments/delete", { experiment_id: id });
export const restoreExperiment = (id: string) => post("experiments/restore", { experiment_id: id });
export const setExperimentTag = (id: string, key: string, value: string) =>
  post("experiments/set-experiment-tag", { experiment_id: id, key, value });
export const deleteExperimentTag = (id: string, key: string) => post("experiments/delete-experiment-tag", { experiment_id: id, key });

/** What happens in the experiments that have runs, by their ids. */
export async function experimentActivity(signal?: AbortSignal): Promise<Map<string, Activity>> {
  const { experiments = [] } = await oxflow.get("experiments/activity", {}, signal);
  return new Map((experiments as Activity[]).map((item) => [item.experiment_id, item]));
}
