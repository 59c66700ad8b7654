import { useQueries, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { Ellipsis, Info, Pencil, Star, Trash2 } from "lucide-react";
import { Suspense, lazy, useEffect, useState } from "react";
import { deleteExperiment, experiment, renameExperiment, restoreExperiment } from "../../api/experiments";
import type { Experiment } from "../../api/types";
import { Button, IconButton } from "../../ui/Button";
import { Menu } from "../../ui/Menu";
import { ConfirmDialog, NameDialog } from "../../ui/NameDialog";
import { Empty, Failure, SkeletonRows } from "../../ui/bits";
import { useToast } from "../../ui/Toasts";
import { useFavourites } from "../experiments/useExperiments";
import { RunsView } from "./RunsView";

const About = lazy(() => import("../experiments/AboutExperiment"));
const LoggedModels = lazy(() => import("../models/LoggedModelsTab"));

/** Tabs of MLflow's pages that have none here. Links to them are printed by clients, and should not look like runs. */
const MISSING: Record<string, string> = {
  traces: "Traces",
  "chat-sessions": "Chat sessions",
  datasets: "Evaluation datasets",
  judges: "Judges",
  "review-queue": "Review queues",
  playground: "Playgrounds",
  issues: "Issues",
};

/** One experiment, or several with a comma between their ids. */
export function ExperimentPage() {
  const { experimentId = "", tab = "runs" } = useParams({ strict: false });
  const ids = experimentId.split(",").filter(Boolean);
  const found = useQueries({ queries: ids.map((id) => ({ queryKey: ["experiment", id], queryFn: () => experiment(id) })) });
  const error = found.find((query) => query.error)?.error;
  const experiments = found.flatMap((query) => query.data ?? []);
  const one = ids.length === 1 ? experiments[0] : undefined;
  const name = experiments.map((item) => item.name).join(", ");
  useEffect(() => {
    document.title = name ? `${name} · Oxflow` : "Oxflow";
  }, [name]);
  if (error) return <Failure error={error} retry={() => found.forEach((query) => void query.refetch())} />;
  return (
    <>
      <header className="head">
        <div className="crumbs grow">
          <Link to="/experiments">Experiments</Link>
          <span>/</span>
          <h1 className="truncate" title={name}>
            {name || " "}
          </h1>
          {one && <Actions experiment={one} />}
        </div>
      </header>
      <nav className="tabs" aria-label="Experiment">
        <Tab id={experimentId} name="runs" current={tab}>Runs</Tab>
        {one && <Tab id={experimentId} name="models" current={tab}>Models</Tab>}
        {one && <Tab id={experimentId} name="about" current={tab}>About</Tab>}
      </nav>
      <Suspense fallback={<SkeletonRows />}>
        {tab === "about" && one ? (
          <About experiment={one} />
        ) : tab === "models" && one ? (
          <LoggedModels experiment={one} />
        ) : MISSING[tab] ? (
          <Empty title={`${MISSING[tab]} have no page here`}>Clients work with them through the API. What was trained is under Runs.</Empty>
        ) : (
          <RunsView key={experimentId} experimentIds={ids} name={one?.name ?? "hello"} />
        )}
      </Suspense>
    </>
  );
}

function Tab({ id, name, current, children }: { id: string; name: string; current: string; children: string }) {
  const isCurrent = current === name || (name === "runs" && !["models", "about"].includes(current) && !MISSING[current]);
  const to = name === "runs" ? "/experiments/$experimentId" : "/experiments/$experimentId/$tab";
  return (
    <Link to={to} params={{ experimentId: id, tab: name }} activeOptions={{ exact: true }} aria-current={isCurrent ? "page" : false}>
      {children}
    </Link>
  );
}

function Actions({ experiment }: { experiment: Experiment }) {
  const [asking, setAsking] = useState<"rename" | "delete">();
  const client = useQueryClient();
  const go = useNavigate();
  const toast = useToast();
  const { ids, toggle } = useFavourites();
  const id = experiment.experiment_id;
  const marked = ids.includes(id);
  const refresh = () => Promise.all([client.invalidateQueries({ queryKey: ["experiment", id] }), client.invalidateQueries({ queryKey: ["experiments"] })]);
  const deleted = experiment.lifecycle_stage === "deleted";
  return (
    <>
      <IconButton label={marked ? "Remove from favourites" : "Add to favourites"} small aria-pressed={marked} onClick={() => toggle(id)}>
        <Star fill={marked ? "currentColor" : "none"} />
      </IconButton>
      <Menu
        align="start"
        trigger={
          <IconButton label="Experiment actions" small>
            <Ellipsis />
          </IconButton>
        }
        items={[
          { label: "Rename", icon: <Pencil />, onSelect: () => setAsking("rename") },
          { label: "About", icon: <Info />, onSelect: () => void go({ to: "/experiments/$experimentId/$tab", params: { experimentId: id, tab: "about" } }) },
          null,
          { label: "Delete", icon: <Trash2 />, danger: true, disabled: deleted, onSelect: () => setAsking("delete") },
        ]}
      />
      {deleted && (
        <>
          <span className="badge bad">Deleted</span>
          <Button small onClick={() => void restoreExperiment(id).then(refresh, toast.error)}>
            Restore
          </Button>
        </>
      )}
      {asking === "rename" && (
        <NameDialog
          title="Rename experiment"
          action="Rename"
          initial={experiment.name}
          onClose={() => setAsking(undefined)}
          onSave={async (name) => {
            await renameExperiment(id, name);
            await refresh();
          }}
        />
      )}
      {asking === "delete" && (
        <ConfirmDialog
          title={`Delete ${experiment.name}?`}
          text="Its runs go with it. It can be restored from the list of deleted experiments."
          action="Delete"
          onClose={() => setAsking(undefined)}
          onConfirm={async () => {
            await deleteExperiment(id);
            await refresh();
            await go({ to: "/experiments" });
          }}
        />
      )}
    </>
  );
}
