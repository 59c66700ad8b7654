import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { searchLoggedModels } from "../../api/loggedModels";
import type { Experiment } from "../../api/types";
import { formatAgo, formatNumber, formatTime, toNumber } from "../../lib/format";
import { logModel } from "../../lib/snippets";
import { Button } from "../../ui/Button";
import { Empty, Failure, SkeletonRows } from "../../ui/bits";
import { ModelStatus } from "./ModelStatus";

const MOST_METRICS = 4;

/** The models that runs of an experiment logged. */
export default function LoggedModelsTab({ experiment }: { experiment: Experiment }) {
  const id = experiment.experiment_id;
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ["logged-models", id],
    queryFn: ({ pageParam, signal }) => searchLoggedModels(id, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_page_token || undefined,
  });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (isPending) return <SkeletonRows />;
  const models = data.pages.flatMap((page) => page.models ?? []);
  if (!models.length) {
    return (
      <Empty title="No models logged" code={logModel(experiment.name)}>
        Models that runs log with MLflow 3 are listed here:
      </Empty>
    );
  }
  return (
    <div className="body" tabIndex={0} role="region" aria-label="Logged models">
      <table className="plain-table">
        <thead>
          <tr>
            <th>Name</th>
            <th>Status</th>
            <th>Type</th>
            <th>Metrics</th>
            <th>Run</th>
            <th>Created</th>
          </tr>
        </thead>
        <tbody>
          {models.map(({ info, data: logged }) => (
            <tr key={info.model_id}>
              <td>
                <Link to="/experiments/$experimentId/models/$modelId" params={{ experimentId: id, modelId: info.model_id }} className="cell-link" style={{ fontWeight: 500 }}>
                  {info.name}
                </Link>
              </td>
              <td>
                <ModelStatus status={info.status} />
              </td>
              <td className="quiet">{info.model_type || "–"}</td>
              <td>
                <span className="row wrap num" style={{ gap: 12 }}>
                  {logged?.metrics?.slice(0, MOST_METRICS).map((metric) => (
                    <span key={`${metric.key} ${metric.run_id}`}>
                      <span className="faint">{metric.key}</span> {formatNumber(toNumber(metric.value))}
                    </span>
                  ))}
                </span>
              </td>
              <td>
                {info.source_run_id && (
                  <Link to="/experiments/$experimentId/runs/$runId/$" params={{ experimentId: id, runId: info.source_run_id }} className="link mono">
                    {info.source_run_id.slice(0, 8)}
                  </Link>
                )}
              </td>
              <td className="quiet num" title={formatTime(info.creation_timestamp_ms)}>
                {formatAgo(info.creation_timestamp_ms, Date.now())}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {hasNextPage && (
        <div className="bar">
          <Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            More
          </Button>
        </div>
      )}
    </div>
  );
}
