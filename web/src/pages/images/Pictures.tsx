import { useQueries } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useMemo, useState } from "react";
import { artifactAddress, listArtifacts } from "../../api/artifacts";
import { fuzzyScore } from "../../lib/fuzzy";
import { formatNumber } from "../../lib/format";
import { IMAGES, type Picture, pictureAt, picturesOf } from "../../lib/images";
import { IconButton } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Empty, SearchBox, Segment, Skeleton } from "../../ui/bits";
import type { Runs } from "../charts/ChartCard";

type Look = "step" | "all";

interface Series {
  runId: string;
  pictures: Picture[];
}

/** Pictures of some runs by key: all at one step, or each at all its steps. */
export function Pictures({ runs }: { runs: Runs }) {
  const [filter, setFilter] = useState("");
  const [look, setLook] = useState<Look>("step");
  const [size, setSize] = useState(190);
  const [chosen, setChosen] = useState<number>();
  const [open, setOpen] = useState<{ runId: string; picture: Picture }>();
  const lists = useQueries({
    queries: runs.ids.map((id) => ({ queryKey: ["artifacts", { kind: "run" as const, id }, IMAGES], queryFn: () => listArtifacts({ kind: "run", id }, IMAGES) })),
    combine: (found) => ({ pending: found.some((query) => query.isPending), files: found.map((query) => query.data) }),
  });
  const byKey = useMemo(() => {
    const keys = new Map<string, Series[]>();
    runs.ids.forEach((runId, at) => {
      for (const [key, pictures] of picturesOf(lists.files[at]?.map((file) => file.path) ?? [])) keys.set(key, [...(keys.get(key) ?? []), { runId, pictures }]);
    });
    return [...keys].sort(([a], [b]) => a.localeCompare(b));
  }, [runs.ids, lists.files]);
  const shown = byKey.filter(([key]) => !filter || fuzzyScore(filter, key));
  const steps = useMemo(() => [...new Set(byKey.flatMap(([, series]) => series.flatMap(({ pictures }) => pictures.map((picture) => picture.step))))].sort((a, b) => a - b), [byKey]);
  const last = steps[steps.length - 1] ?? 0;
  const step = chosen ?? last;
  const at = Math.max(0, steps.findLastIndex((known) => known <= step));
  const move = (to: number) => setChosen(steps[Math.min(steps.length - 1, Math.max(0, to))]);
  if (!byKey.length) {
    if (lists.pending && runs.ids.length) return <div className="gallery">{Array.from({ length: 6 }, (_, index) => <Skeleton key={index} height={size} />)}</div>;
    return (
      <Empty title="No pictures" code={'with mlflow.start_run():\n    for step in range(100):\n        mlflow.log_image(image, key="samples", step=step)'}>
        Pictures that the shown runs log by key and step stand here, side by side:
      </Empty>
    );
  }
  const tile = (runId: string, picture: Picture, name: string) => (
    <button key={`${runId} ${picture.path}`} type="button" className="picture" style={{ width: size }} onClick={() => setOpen({ runId, picture })} aria-label={`${picture.key} of ${runs.nameOf(runId)} at step ${picture.step}`}>
      <img src={artifactAddress({ kind: "run", id: runId }, size > 300 ? picture.path : (picture.small ?? picture.path))} alt="" loading="lazy" />
      <span className="row" style={{ gap: 6 }}>
        {name && <span className="swatch" style={{ background: runs.colorOf(runId) }} />}
        <span className="truncate grow">{name}</span>
        <span className="faint num">step {formatNumber(picture.step)}</span>
      </span>
    </button>
  );
  return (
    <>
      <div className="bar chart-tools">
        <SearchBox style={{ flex: "0 1 200px", minWidth: 96 }} placeholder="Search keys" value={filter} onChange={(event) => setFilter(event.target.value)} />
        <Segment<Look> label="Pictures" value={look} options={[["step", "One step"], ["all", "All steps"]]} onChange={setLook} />
        {look === "step" && steps.length > 1 && (
          <div className="row step-slider">
            <IconButton label="Earlier step" small disabled={at === 0} onClick={() => move(at - 1)}>
              <ChevronLeft />
            </IconButton>
            <input type="range" aria-label="Step" min={0} max={steps.length - 1} value={at} aria-valuetext={`step ${step}`} onChange={(event) => move(Number(event.target.value))} />
            <IconButton label="Later step" small disabled={at === steps.length - 1} onClick={() => move(at + 1)}>
              <ChevronRight />
            </IconButton>
            <span className="num quiet">step {formatNumber(step)}</span>
          </div>
        )}
        <span className="grow" />
        <label className="row smoothing">
          <span className="quiet">Size</span>
          <input type="range" min={90} max={520} step={10} value={size} onChange={(event) => setSize(Number(event.target.value))} />
        </label>
      </div>
      <div className="body charts-body">
        {shown.map(([key, series]) => (
          <section key={key} className="picture-section" aria-label={key}>
            <h2 className="chart-section-head">{key}</h2>
            {look === "step" ? (
              <div className="picture-row wrap">
                {series.map(({ runId, pictures }) => {
                  const picture = pictureAt(pictures, step);
                  return picture && tile(runId, picture, runs.nameOf(runId));
                })}
              </div>
            ) : (
              series.map(({ runId, pictures }) => (
                <div key={runId}>
                  {runs.ids.length > 1 && (
                    <h3 className="row picture-run">
                      <span className="swatch" style={{ background: runs.colorOf(runId) }} />
                      {runs.nameOf(runId)}
                    </h3>
                  )}
                  <div className="picture-row" tabIndex={0} role="group" aria-label={`${key} of ${runs.nameOf(runId)}`}>
                    {pictures.map((picture) => tile(runId, picture, ""))}
                  </div>
                </div>
              ))
            )}
          </section>
        ))}
        {!shown.length && <p className="chart-note">No key fits.</p>}
      </div>
      {open && (
        <Dialog title={`${open.picture.key}, ${runs.nameOf(open.runId)}, step ${formatNumber(open.picture.step)}`} wide onClose={() => setOpen(undefined)}>
          <div className="files-image">
            <img src={artifactAddress({ kind: "run", id: open.runId }, open.picture.path)} alt={open.picture.key} />
          </div>
        </Dialog>
      )}
    </>
  );
}
