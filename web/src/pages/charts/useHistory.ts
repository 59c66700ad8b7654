import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { histories } from "../../api/runs";
import { type Curve, alongOf, curvesOf } from "../../lib/curves";
import type { XAxis } from "../../lib/viewState";
import type { Range } from "./Chart";

export interface HistoryRequest {
  metric: string;
  runIds: string[];
  xAxis: XAxis;
  /** The metric on the horizontal axis, where one is. */
  xMetric: string;
  starts: Map<string, number>;
  /** What is zoomed into; steps are fetched anew then, finer. */
  range?: Range;
  /** Points of a run that can be told apart; about as many as the chart is wide in pixels. */
  points: number;
  enabled: boolean;
}

/** Points of a run's metric on the horizontal axis: one look-up serves all charts. */
const ALONG_POINTS = 800;

export function useHistory({ metric, runIds, xAxis, xMetric, starts, range, points, enabled }: HistoryRequest): { curves?: Curve[]; error: unknown } {
  const steps = useMemo((): [number, number] | undefined => (range && xAxis === "step" ? [Math.floor(range.min), Math.ceil(range.max)] : undefined), [range, xAxis]);
  const timestamps = xAxis === "time" || xAxis === "relative";
  const byMetric = xAxis === "metric";
  const along = useQuery({
    queryKey: ["history", xMetric, runIds, undefined, ALONG_POINTS, false],
    queryFn: async ({ signal }) => ({ timestamps: false, list: await histories(runIds, xMetric, { points: ALONG_POINTS, timestamps: false }, signal) }),
    enabled: enabled && byMetric && runIds.length > 0,
    placeholderData: (previous, before) => (before?.queryKey[1] === xMetric ? previous : undefined),
    staleTime: 60_000,
  });
  const places = useMemo(() => along.data && alongOf(along.data.list), [along.data]);
  const { data, error } = useQuery({
    queryKey: ["history", metric, runIds, steps, points, timestamps],
    queryFn: async ({ signal }) => ({ timestamps, list: await histories(runIds, metric, { points, steps, timestamps }, signal) }),
    enabled: enabled && runIds.length > 0,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
  const curves = useMemo(() => {
    if (!runIds.length) return [];
    // What was there before the last change may lack the times, or hold other runs.
    if (!data || (timestamps && !data.timestamps) || (byMetric && !places)) return undefined;
    const wanted = new Set(runIds);
    return curvesOf(data.list.filter((item) => wanted.has(item.run_id)), xAxis, starts, places);
  }, [data, runIds, xAxis, timestamps, byMetric, places, starts]);
  return { curves, error: error ?? along.error };
}
