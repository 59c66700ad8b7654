import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { FolderTree, GitCompare, List, Plus, RotateCcw, Trash2 } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import { createExperiment, deleteExperiment, restoreExperiment } from "../../api/experiments";
import { flatLines, folderLines } from "../../lib/folders";
import { plural } from "../../lib/format";
import { fuzzyFilter } from "../../lib/fuzzy";
import { recall, remember } from "../../lib/storage";
import { firstSteps } from "../../lib/snippets";
import { Button } from "../../ui/Button";
import { NameDialog } from "../../ui/NameDialog";
import { useToast } from "../../ui/Toasts";
import { Empty, Failure, SearchBox, Segment, SkeletonRows } from "../../ui/bits";
import { useKeys } from "../../ui/useKeys";
import { ExperimentList } from "./ExperimentList";
import { useExperiments } from "./useExperiments";

type Shape = "tree" | "list";

export function ExperimentsPage() {
  const [text, setText] = useState("");
  const [shape, setShape] = useState<Shape>(() => recall<Shape>("experiments.shape", "tree"));
  const [stage, setStage] = useState<"ACTIVE_ONLY" | "DELETED_ONLY">("ACTIVE_ONLY");
  const [closed, setClosed] = useState(() => new Set(recall<string[]>("experiments.closed", [])));
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [creating, setCreating] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  const { data, error, isPending, refetch } = useExperiments(stage);
  const client = useQueryClient();
  const toast = useToast();
  const go = useNavigate();
  useKeys({ "/": () => search.current?.focus(), Escape: () => setSelected(new Set()), n: () => setCreating(true) });

  const found = useMemo(() => fuzzyFilter(text, data ?? [], (item) => `${item.name} ${tagText(item.tags)}`), [text, data]);
  const lines = useMemo(() => (shape === "tree" && !text ? folderLines(found, closed) : flatLines(found)), [found, shape, text, closed]);
  const refresh = () => client.invalidateQueries({ queryKey: ["experiments"] });
  const toggleFolder = (path: string) => {
    const next = new Set(closed);
    if (!next.delete(path)) next.add(path);
    setClosed(next);
    remember("experiments.closed", [...next]);
  };
  const move = async (action: (id: string) => Promise<unknown>, done: string) => {
    try {
      await Promise.all([...selected].map(action));
      toast.ok(`${plural(selected.size, "experiment")} ${done}`);
    } catch (reason) {
      toast.error(reason);
    }
    setSelected(new Set());
    await refresh();
  };
  const compare = () => go({ to: "/experiments/$experimentId", params: { experimentId: [...selected].join(",") } });

  return (
    <>
      <header className="head">
        <h1>Experiments</h1>
        {data && <span className="faint num">{found.length === data.length ? data.length : `${found.length} of ${data.length}`}</span>}
        <div className="grow" />
        <Button look="primary" onClick={() => setCreating(true)}>
          <Plus />
          New experiment
        </Button>
      </header>
      <div className="bar" style={{ paddingTop: 0 }}>
        <SearchBox ref={search} style={{ width: 340 }} placeholder="Search names and tags" value={text} onChange={(event) => setText(event.target.value)} />
        <Segment
          label="Shape"
          value={shape}
          options={[["tree", <><FolderTree />Folders</>], ["list", <><List />List</>]]}
          onChange={(value) => {
            setShape(value);
            remember("experiments.shape", value);
          }}
        />
        <Segment
          label="Stage"
          value={stage}
          options={[["ACTIVE_ONLY", "Active"], ["DELETED_ONLY", "Deleted"]]}
          onChange={(value) => {
            setStage(value);
            setSelected(new Set());
          }}
        />
        <div className="grow" />
        {selected.size > 0 && (
          <>
            <span className="quiet num">{selected.size} selected</span>
            {stage === "ACTIVE_ONLY" ? (
              <>
                <Button onClick={() => void compare()}>
                  <GitCompare />
                  Open together
                </Button>
                <Button look="danger" onClick={() => void move(deleteExperiment, "deleted")}>
                  <Trash2 />
                  Delete
                </Button>
              </>
            ) : (
              <Button onClick={() => void move(restoreExperiment, "restored")}>
                <RotateCcw />
                Restore
              </Button>
            )}
          </>
        )}
      </div>
      {error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : isPending ? (
        <SkeletonRows count={12} />
      ) : lines.length ? (
        <ExperimentList lines={lines} selected={selected} onSelect={setSelected} onFolder={toggleFolder} onChanged={() => void refresh()} />
      ) : text || stage === "DELETED_ONLY" ? (
        <Empty title="Nothing here">{text ? `No experiment fits “${text}”.` : "No experiment is deleted."}</Empty>
      ) : (
        <Empty title="No experiments yet" code={firstSteps("hello")}>
          Log a first run with any MLflow client:
        </Empty>
      )}
      {creating && (
        <NameDialog
          title="New experiment"
          action="Create"
          label="Name (slashes make folders)"
          onClose={() => setCreating(false)}
          onSave={async (name) => {
            const experimentId = await createExperiment(name);
            await refresh();
            await go({ to: "/experiments/$experimentId", params: { experimentId } });
          }}
        />
      )}
    </>
  );
}

function tagText(tags: { key: string; value: string }[] = []): string {
  return tags.filter(({ key }) => !key.startsWith("mlflow.")).map(({ key, value }) => `${key}:${value}`).join(" ");
}
