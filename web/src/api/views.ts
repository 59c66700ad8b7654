import { oxflow } from "./client";
import type { SavedView } from "./types";

export async function savedViews(experimentId: string): Promise<SavedView[]> {
  return ((await oxflow.get("views", { experiment_id: experimentId })).views ?? []) as SavedView[];
}

export async function createView(experimentId: string, name: string, state: string): Promise<SavedView> {
  return (await oxflow.post("views", { experiment_id: experimentId, name, state })).view as SavedView;
}

export async function savedView(id: string): Promise<SavedView> {
  return (await oxflow.get("views/{view_id}", { view_id: id })).view as SavedView;
}

export const updateView = (id: string, change: { name?: string; state?: string; is_default?: boolean }) =>
  oxflow.patch("views/{view_id}", change, { view_id: id });
export const deleteView = (id: string) => oxflow.drop("views/{view_id}", { view_id: id });
