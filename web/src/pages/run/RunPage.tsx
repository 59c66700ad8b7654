import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { Ellipsis, Pencil, RotateCcw, Trash2 } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { experiment } from "../../api/experiments";
import { deleteRun, renameRun, restoreRun, run as fetchRun } from "../../api/runs";
import type { Run } from "../../api/types";
import { isSystemMetric, toRow } from "../../lib/columns";
import { LOGGED_IMAGES } from "../../lib/images";
import { IconButton } from "../../ui/Button";
import { Menu } from "../../ui/Menu";
import { ConfirmDialog, NameDialog } from "../../ui/NameDialog";
import { StatusBadge } from "../../ui/Status";
import { useToast } from "../../ui/Toasts";
import { Failure, SkeletonRows } from "../../ui/bits";
import { Artifacts } from "../artifacts/Artifacts";
import { useLive } from "../runs/useLive";
import { Overview } from "./Overview";
import { RunCharts } from "./RunCharts";
import { RunImages } from "./RunImages";

type Tab = "overview" | "charts" | "system" | "images" | "artifacts";

/** Addresses of tabs, those of MLflow's pages among them. */
const TABS: Record<string, Tab> = { "": "overview", charts: "charts", "model-metrics": "charts", "system-metrics": "system", images: "images", artifacts: "artifacts" };

export function RunPage() {
  const { experimentId = "", runId = "", _splat: rest = "" } = useParams({ strict: false });
  const [head = "", ...more] = rest.split("/");
  const tab = TABS[head] ?? "overview";
  const { data, error, isPending, refetch } = useQuery({ queryKey: ["run", runId], queryFn: ({ signal }) => fetchRun(runId, signal) });
  const home = data?.info.experiment_id ?? experimentId;
  const { data: parent } = useQuery({ queryKey: ["experiment", home], queryFn: () => experiment(home) });
  const search = useMemo(() => ({ experimentIds: [home], filter: "", orderBy: [], deleted: false }), [home]);
  useLive(search, data?.info.status !== "RUNNING");
  const row = useMemo(() => data && toRow(data), [data]);
  useEffect(() => {
    document.title = row ? `${row.name} · Oxflow` : "Oxflow";
  }, [row]);
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (isPending || !row) return <SkeletonRows count={12} />;
  const keys = [...row.metrics.keys()];
  const system = keys.filter(isSystemMetric);
  const pictures = row.tags.has(LOGGED_IMAGES);
  const params = { experimentId: home, runId };
  const link = (name: Tab, path: string, label: string) => (
    <Link to="/experiments/$experimentId/runs/$runId/$" params={{ ...params, _splat: path }} activeOptions={{ exact: true }} aria-current={tab === name ? "page" : false}>
      {label}
    </Link>
  );
  return (
    <>
      <header className="head">
        <div className="crumbs grow">
          <Link to="/experiments">Experiments</Link>
          <span>/</span>
          <Link to="/experiments/$experimentId" params={{ experimentId: home }} className="truncate">
            {parent?.name ?? home}
          </Link>
          <span>/</span>
          <h1 className="truncate" title={row.name}>
            {row.name}
          </h1>
          <StatusBadge status={data.info.status} />
          {data.info.lifecycle_stage === "deleted" && <span className="badge bad">Deleted</span>}
          <Actions run={data} name={row.name} />
        </div>
      </header>
      <nav className="tabs" aria-label="Run">
        {link("overview", "", "Overview")}
        {link("charts", "charts", "Charts")}
        {system.length > 0 && link("system", "system-metrics", "System")}
        {(pictures || tab === "images") && link("images", "images", "Images")}
        {link("artifacts", "artifacts", "Artifacts")}
      </nav>
      {tab === "artifacts" ? (
        <Artifacts
          owner={{ kind: "run", id: runId }}
          path={more.join("/")}
          pathTo={(path) => ({ to: "/experiments/$experimentId/runs/$runId/$", params: { ...params, _splat: path ? `artifacts/${path}` : "artifacts" } })}
        />
      ) : tab === "images" ? (
        <RunImages row={row} />
      ) : tab === "charts" ? (
        <RunCharts row={row} metrics={keys.filter((key) => !isSystemMetric(key))} />
      ) : tab === "system" ? (
        <RunCharts row={row} metrics={system} />
      ) : (
        <Overview run={data} row={row} />
      )}
    </>
  );
}

function Actions({ run, name }: { run: Run; name: string }) {
  const [asking, setAsking] = useState<"rename" | "delete">();
  const client = useQueryClient();
  const toast = useToast();
  const go = useNavigate();
  const id = run.info.run_id;
  const refresh = () => Promise.all([client.invalidateQueries({ queryKey: ["run", id] }), client.invalidateQueries({ queryKey: ["runs"] })]);
  const deleted = run.info.lifecycle_stage === "deleted";
  return (
    <>
      <Menu
        align="start"
        trigger={
          <IconButton label="Run actions" small>
            <Ellipsis />
          </IconButton>
        }
        items={[
          { label: "Rename", icon: <Pencil />, disabled: deleted, onSelect: () => setAsking("rename") },
          null,
          deleted
            ? { label: "Restore", icon: <RotateCcw />, onSelect: () => void restoreRun(id).then(refresh, toast.error) }
            : { label: "Delete", icon: <Trash2 />, danger: true, onSelect: () => setAsking("delete") },
        ]}
      />
      {asking === "rename" && (
        <NameDialog title="Rename run" action="Rename" initial={name} onClose={() => setAsking(undefined)} onSave={(next) => renameRun(id, next).then(refresh)} />
      )}
      {asking === "delete" && (
        <ConfirmDialog
          title={`Delete ${name}?`}
          text="It can be restored from the deleted runs of its experiment."
          action="Delete"
          onClose={() => setAsking(undefined)}
          onConfirm={async () => {
            await deleteRun(id);
            await refresh();
            await go({ to: "/experiments/$experimentId", params: { experimentId: run.info.experiment_id } });
          }}
        />
      )}
    </>
  );
}
