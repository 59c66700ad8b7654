import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { history } from "../../api/runs";
import { type Curve, curvesOf } from "../../lib/curves";
import type { XAxis } from "../../lib/viewState";
import type { Range } from "./Chart";

/** Points of a curve; a chart is rarely wider in pixels. */
const POINTS = 400;

export interface HistoryRequest {
  metric: string;
  runIds: string[];
  xAxis: XAxis;
  starts: Map<string, number>;
  /** What is zoomed into; steps are fetched anew then, finer. */
  range?: Range;
  enabled: boolean;
}

export function useHistory({ metric, runIds, xAxis, starts, range, enabled }: HistoryRequest): { curves?: Curve[]; error: unknown } {
  const steps = useMemo((): [number, number] | undefined => (range && xAxis === "step" ? [Math.floor(range.min), Math.ceil(range.max)] : undefined), [range, xAxis]);
  const { data, error } = useQuery({
    queryKey: ["history", metric, runIds, steps],
    queryFn: ({ signal }) => history(runIds, metric, POINTS, steps, signal),
    enabled: enabled && runIds.length > 0,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
  const curves = useMemo(() => {
    if (!runIds.length) return [];
    if (!data) return undefined;
    const wanted = new Set(runIds);
    // What was there before the last change of runs may hold others.
    return curvesOf(data.filter((point) => wanted.has(point.run_id ?? "")), xAxis, starts);
  }, [data, runIds, xAxis, starts]);
  return { curves, error };
}
