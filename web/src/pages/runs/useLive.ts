import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { oxflow } from "../../api/client";
import { type RunSearch, run, searchRuns } from "../../api/runs";
import { refreshTables } from "./useRunTable";
import { mergeFirstPage, patchRuns, runsKey } from "./useRuns";

/** Changed runs that are fetched one by one; beyond, the list is. */
const MOST_SINGLE = 20;
/** How often charts of a busy run are drawn anew. */
const CURVES_MS = 2000;

export type LiveState = "on" | "paused" | "lost";

/**
 * Follows the runs of a search. What changed is put into what is shown, so that scroll, selection and zoom stay. A
 * page that nobody sees hears nothing, and looks at everything when it is seen again.
 */
export function useLive(search: RunSearch, paused: boolean): LiveState {
  const client = useQueryClient();
  const [lost, setLost] = useState(false);
  const current = useRef(search);
  useEffect(() => {
    current.current = search;
  });
  const ids = search.experimentIds.join(",");
  const wasPaused = useRef(false);

  useEffect(() => {
    if (paused || !ids) {
      wasPaused.current = paused;
      return;
    }
    let source: EventSource | undefined;
    let changed = new Set<string>();
    let everything = false;
    const written = new Set<string>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let curves: ReturnType<typeof setTimeout> | undefined;

    const refresh = async () => {
      timer = undefined;
      const now = current.current;
      const runs = [...changed];
      const whole = everything || runs.length > MOST_SINGLE;
      changed = new Set();
      everything = false;
      try {
        const known = new Set(
          client.getQueryData<{ pages: { runs?: { info: { run_id: string } }[] }[] }>(runsKey(now))?.pages.flatMap((page) => page.runs?.map((item) => item.info.run_id) ?? []),
        );
        const strangers = runs.some((id) => !known.has(id));
        if (!whole) patchRuns(client, await Promise.all(runs.filter((id) => known.has(id)).map((id) => run(id))));
        if (whole || strangers) mergeFirstPage(client, now, await searchRuns(now, 100));
        for (const id of runs) void client.invalidateQueries({ queryKey: ["run", id] });
      } catch {
        // The next event, or the next look, will do better.
      }
      refreshTables(client);
      for (const id of runs) written.add(id);
      curves ??= setTimeout(() => {
        curves = undefined;
        for (const id of written) void client.invalidateQueries({ queryKey: ["artifacts", { kind: "run", id }] });
        written.clear();
        void client.invalidateQueries({ queryKey: ["history"] });
      }, CURVES_MS);
    };
    const soon = () => {
      timer ??= setTimeout(() => void refresh(), 250);
    };
    const open = () => {
      if (document.hidden || source) return;
      source = new EventSource(oxflow.address("events", { experiment_ids: ids.split(",") }));
      source.onopen = () => setLost(false);
      source.onerror = () => setLost(true);
      source.addEventListener("runs", (event) => {
        const data = JSON.parse(event.data as string) as { run_ids: string[] };
        if (data.run_ids.length) for (const id of data.run_ids) changed.add(id);
        else everything = true;
        soon();
      });
      source.addEventListener("missed", () => {
        everything = true;
        soon();
      });
    };
    const close = () => {
      source?.close();
      source = undefined;
    };
    const seen = () => {
      if (document.hidden) return close();
      open();
      everything = true;
      soon();
    };
    if (wasPaused.current) seen();
    else open();
    wasPaused.current = false;
    document.addEventListener("visibilitychange", seen);
    return () => {
      close();
      clearTimeout(timer);
      clearTimeout(curves);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [client, ids, paused]);

  if (paused) return "paused";
  return lost ? "lost" : "on";
}
