/** The orders in which experiments are listed. */
import type { Activity, Experiment } from "../api/types";

export type Order = "name" | "runs" | "activity" | "created";
export const ORDERS: readonly string[] = ["name", "runs", "activity", "created"];

/** When a run began or ended, or the experiment itself was changed. */
export function lastActivity(experiment: Experiment, activity: Activity | undefined): number | undefined {
  return activity?.last_run_time ?? experiment.last_update_time;
}

/** Names from the first letter, everything else from the most or the newest. */
export function inOrder(experiments: Experiment[], order: Order, activity: ReadonlyMap<string, Activity> | undefined): Experiment[] {
  const byName = (a: Experiment, b: Experiment) => a.name.localeCompare(b.name);
  if (order === "name") return [...experiments].sort(byName);
  const weight = (experiment: Experiment) => {
    const known = activity?.get(experiment.experiment_id);
    if (order === "runs") return known?.runs ?? 0;
    return (order === "created" ? experiment.creation_time : lastActivity(experiment, known)) ?? 0;
  };
  const weighed = experiments.map((experiment) => ({ experiment, weight: weight(experiment) }));
  return weighed.sort((a, b) => b.weight - a.weight || byName(a.experiment, b.experiment)).map(({ experiment }) => experiment);
}
