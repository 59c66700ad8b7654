import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ChevronDown, ChevronRight, Ellipsis, Folder, Pencil, RotateCcw, Star, Trash2 } from "lucide-react";
import { useRef, useState } from "react";
import { deleteExperiment, renameExperiment, restoreExperiment } from "../../api/experiments";
import type { Activity, Experiment } from "../../api/types";
import type { Line } from "../../lib/folders";
import { isPlainTag } from "../../lib/columns";
import { formatAgo, formatNumber, formatTime, plural } from "../../lib/format";
import { IconButton } from "../../ui/Button";
import { Menu } from "../../ui/Menu";
import { NameDialog } from "../../ui/NameDialog";
import { Tip } from "../../ui/Tip";
import { useToast } from "../../ui/Toasts";
import { useActivity, useFavourites } from "./useExperiments";

const HEIGHT = 33;

interface Props {
  lines: Line[];
  selected: ReadonlySet<string>;
  onSelect: (selected: ReadonlySet<string>) => void;
  onFolder: (path: string) => void;
  onChanged: () => void;
}

export function ExperimentList({ lines, selected, onSelect, onFolder, onChanged }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [renaming, setRenaming] = useState<Experiment>();
  const activity = useActivity();
  const virtual = useVirtualizer({ count: lines.length, getScrollElement: () => box.current, estimateSize: () => HEIGHT, overscan: 12 });
  const toggle = (id: string) => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    onSelect(next);
  };
  return (
    <div className="body" ref={box} tabIndex={0} role="region" aria-label="Experiments">
      <div className="xlist-head" aria-hidden>
        <span />
        <span>Name</span>
        <span className="right">Runs</span>
        <span>Last activity</span>
        <span>Tags</span>
        <span>Created</span>
        <span />
      </div>
      <ul style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const line = lines[index] as Line;
          const place = { transform: `translateY(${start}px)`, height: HEIGHT };
          if (line.kind === "folder") {
            return (
              <li key={`f${line.path}`} className="xlist-row" style={place}>
                <span />
                <button type="button" className="row" style={{ paddingLeft: line.depth * 20 }} aria-expanded={line.open} onClick={() => onFolder(line.path)}>
                  {line.open ? <ChevronDown size={14} /> : <ChevronRight size={14} />}
                  <Folder size={15} className="faint" />
                  <span className="truncate">{line.name}</span>
                  <span className="faint num">{line.count}</span>
                </button>
              </li>
            );
          }
          const { experiment } = line;
          const id = experiment.experiment_id;
          return (
            <li key={id} className={selected.has(id) ? "xlist-row selected" : "xlist-row"} style={place}>
              <input type="checkbox" aria-label={`Select ${experiment.name}`} checked={selected.has(id)} onChange={() => toggle(id)} />
              <ExperimentName line={line} />
              <RunCount activity={activity?.get(id)} known={activity !== undefined} />
              <LastActivity experiment={experiment} activity={activity?.get(id)} />
              <ExperimentTags experiment={experiment} />
              <Tip text={formatTime(experiment.creation_time)}>
                <span className="quiet num">{formatAgo(experiment.creation_time, Date.now())}</span>
              </Tip>
              <RowMenu experiment={experiment} onRename={() => setRenaming(experiment)} onChanged={onChanged} />
            </li>
          );
        })}
      </ul>
      {renaming && (
        <NameDialog
          title="Rename experiment"
          action="Rename"
          initial={renaming.name}
          onClose={() => setRenaming(undefined)}
          onSave={async (name) => {
            await renameExperiment(renaming.experiment_id, name);
            onChanged();
          }}
        />
      )}
    </div>
  );
}

function ExperimentName({ line }: { line: Extract<Line, { kind: "experiment" }> }) {
  const { ids, toggle } = useFavourites();
  const { experiment, name, depth } = line;
  const id = experiment.experiment_id;
  const marked = ids.includes(id);
  return (
    <span className="row" style={{ paddingLeft: depth * 20, gap: 4 }}>
      <button
        type="button"
        className={marked ? "star on" : "star"}
        aria-pressed={marked}
        aria-label={`Favourite ${experiment.name}`}
        onClick={() => toggle(id)}
      >
        <Star size={14} fill={marked ? "currentColor" : "none"} />
      </button>
      <Tip text={experiment.name}>
        <Link to="/experiments/$experimentId" params={{ experimentId: id }} className="truncate cell-link" style={{ fontWeight: 500 }}>
          {name}
        </Link>
      </Tip>
    </span>
  );
}

function RunCount({ activity, known }: { activity?: Activity; known: boolean }) {
  if (!activity) return <span className="right faint num">{known ? "0" : ""}</span>;
  const { runs, running } = activity;
  return (
    <span className="right num">
      {running > 0 && (
        <Tip text={`${plural(running, "run")} running`}>
          <span className="running">
            <span className="dot live" />
            {formatNumber(running)}
          </span>
        </Tip>
      )}
      <span>{formatNumber(runs)}</span>
    </span>
  );
}

/** When a run began or ended, or the experiment itself was changed. */
function LastActivity({ experiment, activity }: { experiment: Experiment; activity?: Activity }) {
  const last = activity?.last_run_time ?? experiment.last_update_time;
  return (
    <Tip text={formatTime(last)}>
      <span className="quiet num">{formatAgo(last, Date.now())}</span>
    </Tip>
  );
}

function ExperimentTags({ experiment }: { experiment: Experiment }) {
  const tags = (experiment.tags ?? []).filter(({ key }) => isPlainTag(key));
  return (
    <span className="row" style={{ gap: 4, overflow: "hidden" }}>
      {tags.slice(0, 3).map(({ key, value }) => (
        <span key={key} className="badge">
          <span className="truncate">
            {key}
            <span className="faint">: {value}</span>
          </span>
        </span>
      ))}
      {tags.length > 3 && <span className="faint">+{tags.length - 3}</span>}
    </span>
  );
}

function RowMenu({ experiment, onRename, onChanged }: { experiment: Experiment; onRename: () => void; onChanged: () => void }) {
  const toast = useToast();
  const id = experiment.experiment_id;
  const run = (action: Promise<unknown>) => void action.then(onChanged, toast.error);
  const trigger = (
    <IconButton label={`Actions for ${experiment.name}`} small>
      <Ellipsis />
    </IconButton>
  );
  if (experiment.lifecycle_stage === "deleted") {
    return <Menu trigger={trigger} items={[{ label: "Restore", icon: <RotateCcw />, onSelect: () => run(restoreExperiment(id)) }]} />;
  }
  return (
    <Menu
      trigger={trigger}
      items={[
        { label: "Rename", icon: <Pencil />, onSelect: onRename },
        { label: "Delete", icon: <Trash2 />, danger: true, onSelect: () => run(deleteExperiment(id)) },
      ]}
    />
  );
}
