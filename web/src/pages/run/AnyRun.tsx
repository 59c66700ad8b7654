import { useQuery } from "@tanstack/react-query";
import { Navigate, useParams } from "@tanstack/react-router";
import { run } from "../../api/runs";
import { Failure, SkeletonRows } from "../../ui/bits";

/** An address that names a run, but not its experiment. */
export function AnyRun() {
  const { runId = "" } = useParams({ strict: false });
  const { data, error } = useQuery({ queryKey: ["run", runId], queryFn: () => run(runId), retry: false });
  if (error) return <Failure error={error} />;
  if (!data) return <SkeletonRows />;
  return <Navigate to="/experiments/$experimentId/runs/$runId/$" params={{ experimentId: data.info.experiment_id, runId }} replace />;
}
