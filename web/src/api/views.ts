import { oxflow } from "./client";
import type { SavedView } from "./types";

export async function savedViews(experimentId: string): Promise<SavedView[]> {
  return (await oxflow.get<{ views?: SavedView[] }>("views", { experiment_id: experimentId })).views ?? [];
}

export async function createView(experimentId: string, name: string, state: string): Promise<SavedView> {
  return (await oxflow.post<{ view: SavedView }>("views", { experiment_id: experimentId, name, state })).view;
}

export async function savedView(id: string): Promise<SavedView> {
  return (await oxflow.get<{ view: SavedView }>(`views/${id}`)).view;
}

export const updateView = (id: string, change: { name?: string; state?: string; is_default?: boolean }) =>
  oxflow.patch(`views/${id}`, change);
export const deleteView = (id: string) => oxflow.remove(`views/${id}`);
