import { useQuery } from "@tanstack/react-query";
import { useCallback, useSyncExternalStore } from "react";
import { type Stage, allExperiments, experimentActivity } from "../../api/experiments";
import type { Activity } from "../../api/types";
import { recall, remember } from "../../lib/storage";

export function useExperiments(stage: Stage) {
  return useQuery({ queryKey: ["experiments", stage], queryFn: ({ signal }) => allExperiments(stage, signal), staleTime: 30_000 });
}

/** How often the counts of runs are looked at anew while they are seen. */
const ACTIVITY_MS = 15_000;

export function useActivity(): Map<string, Activity> | undefined {
  return useQuery({ queryKey: ["experiments", "activity"], queryFn: ({ signal }) => experimentActivity(signal), refetchInterval: ACTIVITY_MS }).data;
}

let favourites = recall<string[]>("favourites", []);
const listeners = new Set<() => void>();

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Experiments that this browser's user marked. */
export function useFavourites() {
  const ids = useSyncExternalStore(subscribe, () => favourites);
  const toggle = useCallback((id: string) => {
    favourites = favourites.includes(id) ? favourites.filter((known) => known !== id) : [...favourites, id];
    remember("favourites", favourites);
    for (const listener of listeners) listener();
  }, []);
  return { ids, toggle };
}
