import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Download, Eye, GitCompare, Pencil, RotateCcw, Tag, Trash2, X } from "lucide-react";
import { useState } from "react";
import { type RunSearch, deleteRun, renameRun, restoreRun, run, setRunTag } from "../../api/runs";
import { type Column, type Row, toRow } from "../../lib/columns";
import { saveRuns } from "../../lib/exportRuns";
import { plural } from "../../lib/format";
import { renamed } from "../../lib/rename";
import { Button, IconButton } from "../../ui/Button";
import { Menu } from "../../ui/Menu";
import { NameDialog } from "../../ui/NameDialog";
import { TagDialog } from "../../ui/Tags";
import { useToast } from "../../ui/Toasts";
import { useKeys } from "../../ui/useKeys";
import type { Marks } from "./useMarks";

interface Props {
  search: RunSearch;
  marks: Marks;
  rows: Row[];
  columns: Column[];
  deleted: boolean;
  experimentIds: string[];
}

/** Requests that are under way at once when many runs are changed. */
const AT_ONCE = 8;

async function each(ids: string[], action: (id: string) => Promise<unknown>) {
  for (let at = 0; at < ids.length; at += AT_ONCE) await Promise.all(ids.slice(at, at + AT_ONCE).map(action));
}

/** Everything about runs of which only some columns are known. */
async function wholeRows(rows: Row[]): Promise<Row[]> {
  const found = new Map<string, Row>();
  await each(rows.filter(({ partial }) => partial).map(({ id }) => id), async (id) => found.set(id, toRow(await run(id))));
  return rows.map((row) => found.get(row.id) ?? row);
}

/** What can be done with the runs that are selected. */
export function SelectionBar({ search, marks, rows, columns, deleted, experimentIds }: Props) {
  const [asking, setAsking] = useState<"tag" | "rename">();
  const client = useQueryClient();
  const toast = useToast();
  const go = useNavigate();
  const ids = [...marks.selected];
  const chosen = ids.length ? rows.filter((row) => marks.selected.has(row.id)) : [];
  const refresh = () => Promise.all(["runs", "runTable"].map((key) => client.invalidateQueries({ queryKey: [key] })));
  const move = async (action: (id: string) => Promise<unknown>, done: string, back: (id: string) => Promise<unknown>) => {
    const undo = () => void each(ids, back).then(refresh, toast.error);
    try {
      await each(ids, action);
      toast.ok(`${plural(ids.length, "run")} ${done}`, undo);
      marks.setSelected([]);
    } catch (reason) {
      toast.error(reason);
    }
    await refresh();
  };
  const compare = () => {
    if (ids.length > 1) void go({ to: "/compare-runs", search: { runs: ids, experiments: experimentIds } });
  };
  useKeys({ c: compare });
  if (!ids.length) return null;
  const save = (kind: "csv" | "json") => void wholeRows(chosen).then((found) => saveRuns(kind, search, columns, found)).catch(toast.error);
  return (
    <div className="selection" role="toolbar" aria-label="Selected runs">
      <span className="num">{plural(ids.length, "run")} selected</span>
      <IconButton label="Clear the selection" small onClick={() => marks.setSelected([])}>
        <X />
      </IconButton>
      <Button look="primary" disabled={ids.length < 2} onClick={compare}>
        <GitCompare />
        Compare
      </Button>
      <Button onClick={() => marks.showOnly(ids)}>
        <Eye />
        Only these in charts
      </Button>
      <Button onClick={() => setAsking("tag")}>
        <Tag />
        Tag
      </Button>
      <Button onClick={() => setAsking("rename")}>
        <Pencil />
        Rename
      </Button>
      <Menu
        trigger={
          <Button>
            <Download />
            Download
          </Button>
        }
        items={[
          { label: "CSV", onSelect: () => save("csv") },
          { label: "JSON", onSelect: () => save("json") },
        ]}
      />
      {deleted ? (
        <Button onClick={() => void move(restoreRun, "restored", deleteRun)}>
          <RotateCcw />
          Restore
        </Button>
      ) : (
        <Button look="danger" onClick={() => void move(deleteRun, "deleted", restoreRun)}>
          <Trash2 />
          Delete
        </Button>
      )}
      {asking === "tag" && (
        <TagDialog
          title={`Tag ${plural(ids.length, "run")}`}
          onClose={() => setAsking(undefined)}
          onSet={async (key, value) => {
            await each(ids, (id) => setRunTag(id, key, value));
            toast.ok(`${plural(ids.length, "run")} tagged`);
            await refresh();
          }}
        />
      )}
      {asking === "rename" && (
        <NameDialog
          title={ids.length === 1 ? "Rename run" : `Rename ${ids.length} runs`}
          action="Rename"
          label={ids.length === 1 ? "Name" : "Name, with {name}, {n}, {params.lr}, {metrics.loss} or {tags.stage}"}
          initial={ids.length === 1 ? chosen[0]?.name : "{name}"}
          onClose={() => setAsking(undefined)}
          onSave={async (name) => {
            const names = new Map(chosen.map((row, at) => [row.id, ids.length === 1 ? name : renamed(name, row, at + 1) || row.name]));
            await each([...names.keys()], (id) => renameRun(id, names.get(id) ?? ""));
            await refresh();
          }}
        />
      )}
    </div>
  );
}
