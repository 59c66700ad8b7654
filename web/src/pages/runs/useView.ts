import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useState } from "react";
import { savedView, savedViews } from "../../api/views";
import { recall, remember } from "../../lib/storage";
import { type ViewState, forEverywhere, pack, unpack } from "../../lib/viewState";

export interface View {
  state: ViewState;
  /** Changes the state and with it the address. */
  update: (change: Partial<ViewState>) => void;
  /** Takes over a whole state, such as that of a saved view. */
  replace: (packed: unknown, viewId?: string) => void;
  /** Whether this browser opens other experiments in some arrangement of its own. */
  hasMine: boolean;
  /** Opens experiments that have no arrangement yet like this one, or no more. */
  setMine: (on: boolean) => void;
  /** The saved view that was opened last. */
  viewId?: string;
  ready: boolean;
}

/** What this browser opens experiments with. */
const MINE = "view.mine";

/**
 * The arrangement of an experiment's page. It stands in the address; without one there, it is what this browser
 * showed last, or else the default that is kept on the server for the experiment, or else that of this browser.
 */
export function useView(experimentId: string): View {
  const search: Record<string, unknown> = useSearch({ strict: false });
  const go = useNavigate();
  const viewId = typeof search.view === "string" ? search.view : undefined;
  const isBare = Object.keys(search).length === 0;
  const onlyView = viewId !== undefined && Object.keys(search).length === 1;
  const remembered = useMemo(() => recall<Record<string, unknown> | undefined>(`view.${experimentId}`, undefined), [experimentId]);
  const { data: named, isPending: namedPending } = useQuery({
    queryKey: ["view", viewId],
    queryFn: () => savedView(viewId ?? ""),
    enabled: onlyView,
    retry: false,
  });
  const wantsDefault = isBare && !remembered && !experimentId.includes(",");
  const { data: all, isPending: allPending } = useQuery({
    queryKey: ["views", experimentId],
    queryFn: () => savedViews(experimentId),
    enabled: wantsDefault,
  });
  const fallback = all?.find((view) => view.is_default);
  const [mine, setKept] = useState(() => recall<Record<string, unknown> | undefined>(MINE, undefined));

  const packed = useMemo(() => {
    if (onlyView) return parsed(named?.state);
    if (!isBare) return search;
    return remembered ?? (fallback ? parsed(fallback.state) : mine);
  }, [onlyView, named, isBare, search, remembered, fallback, mine]);
  const state = useMemo(() => unpack(packed), [packed]);

  const replace = useCallback(
    (next: unknown, id?: string) => {
      const short: Record<string, unknown> = { ...pack(unpack(next)) };
      // A zoom is for now, and for links.
      remember(`view.${experimentId}`, { ...short, zoom: undefined, view: id });
      void go({ to: ".", search: () => (id ? { ...short, view: id } : short), replace: true });
    },
    [experimentId, go],
  );
  const update = useCallback((change: Partial<ViewState>) => replace({ ...state, ...change }, viewId), [state, replace, viewId]);

  const setMine = (on: boolean) => {
    const kept = on ? { ...forEverywhere(state) } : undefined;
    remember(MINE, kept ?? null);
    setKept(kept);
  };

  // The address says what is shown, so that it can be copied at any time.
  useEffect(() => {
    const short = pack(state);
    if (isBare && Object.keys(short).length) void go({ to: ".", search: () => short, replace: true });
  }, [isBare, state, go]);

  return { state, update, replace, hasMine: Boolean(mine), setMine, viewId, ready: !(onlyView && namedPending) && !(wantsDefault && allPending) };
}

function parsed(text: string | undefined): unknown {
  try {
    return text ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}
