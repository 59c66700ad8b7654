import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { histories } from "../../api/runs";
import { type Curve, curvesOf } from "../../lib/curves";
import type { XAxis } from "../../lib/viewState";
import type { Range } from "./Chart";

export interface HistoryRequest {
  metric: string;
  runIds: string[];
  xAxis: XAxis;
  starts: Map<string, number>;
  /** What is zoomed into; steps are fetched anew then, finer. */
  range?: Range;
  /** Points of a run that can be told apart; about as many as the chart is wide in pixels. */
  points: number;
  enabled: boolean;
}

export function useHistory({ metric, runIds, xAxis, starts, range, points, enabled }: HistoryRequest): { curves?: Curve[]; error: unknown } {
  const steps = useMemo((): [number, number] | undefined => (range && xAxis === "step" ? [Math.floor(range.min), Math.ceil(range.max)] : undefined), [range, xAxis]);
  const timestamps = xAxis !== "step";
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
    if (!data || (timestamps && !data.timestamps)) return undefined;
    const wanted = new Set(runIds);
    return curvesOf(data.list.filter((item) => wanted.has(item.run_id)), xAxis, starts);
  }, [data, runIds, xAxis, timestamps, starts]);
  return { curves, error };
}
