import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Bookmark, Download, Link as LinkIcon, Pencil, RotateCcw, Save, Star, Trash2, UserRound } from "lucide-react";
import { useState } from "react";
import type { RunSearch } from "../../api/runs";
import type { SavedView } from "../../api/types";
import { createView, deleteView, savedViews, updateView } from "../../api/views";
import type { Column, Row } from "../../lib/columns";
import { saveRuns } from "../../lib/exportRuns";
import { pack } from "../../lib/viewState";
import { Button, IconButton } from "../../ui/Button";
import { Popover } from "../../ui/Menu";
import { NameDialog } from "../../ui/NameDialog";
import { useToast } from "../../ui/Toasts";
import type { View } from "./useView";

interface Props {
  experimentId?: string;
  view: View;
  search: RunSearch;
  rows: Row[];
  columns: Column[];
}

/** Arrangements that are kept on the server for everybody, and files to take along. */
export function ViewsMenu({ experimentId, view, search, columns }: Props) {
  const [naming, setNaming] = useState(false);
  const [renaming, setRenaming] = useState<SavedView>();
  const [open, setOpen] = useState(false);
  const client = useQueryClient();
  const toast = useToast();
  const { data: views = [] } = useQuery({
    queryKey: ["views", experimentId],
    queryFn: () => savedViews(experimentId ?? ""),
    enabled: experimentId !== undefined,
  });
  const refresh = () => client.invalidateQueries({ queryKey: ["views", experimentId] });
  const state = JSON.stringify(pack(view.state));
  const current = views.find((known) => known.view_id === view.viewId);
  const then = (action: Promise<unknown>, done: string) => void action.then(() => toast.ok(done), toast.error).then(refresh);
  const copy = () => void navigator.clipboard.writeText(location.href).then(() => toast.ok("Link copied"), toast.error);
  const item = (icon: React.ReactNode, label: string, action: () => void) => (
    <button
      type="button"
      className="menu-item"
      onClick={() => {
        action();
        setOpen(false);
      }}
    >
      {icon}
      {label}
    </button>
  );
  return (
    <>
      <Popover
        label="Views"
        open={open}
        onOpenChange={setOpen}
        trigger={
          <Button on={current !== undefined}>
            <Bookmark />
            <span className="truncate" style={{ maxWidth: 140 }}>
              {current?.name ?? "Views"}
            </span>
          </Button>
        }
      >
        <div className="stack" style={{ gap: 2, width: 280, margin: -6 }}>
          {views.length === 0 && <p className="faint" style={{ padding: "4px 8px" }}>Keep how this page is arranged under a name, for yourself and everybody.</p>}
          {views.map((known) => (
            <ViewLine
              key={known.view_id}
              view={known}
              current={known === current}
              onOpen={() => {
                view.replace(JSON.parse(known.state), known.view_id);
                setOpen(false);
              }}
              onDefault={() => then(updateView(known.view_id, { is_default: !known.is_default }), known.is_default ? "No longer the default" : `${known.name} is what everybody sees first`)}
              onRename={() => {
                setRenaming(known);
                setOpen(false);
              }}
              onDelete={() => then(deleteView(known.view_id), `${known.name} deleted`)}
            />
          ))}
          <div className="menu-line" />
          {experimentId !== undefined && item(<Save />, "Save as a new view…", () => setNaming(true))}
          {current && current.state !== state && item(<Save />, `Update ${current.name}`, () => then(updateView(current.view_id, { state }), `${current.name} updated`))}
          {item(<LinkIcon />, "Copy a link to this page", copy)}
          {item(<UserRound />, "Open other experiments like this", () => {
            view.setMine(true);
            toast.ok("Experiments that you did not arrange yet open like this in this browser");
          })}
          {view.hasMine && item(<RotateCcw />, "Open other experiments as usual", () => view.setMine(false))}
          {item(<RotateCcw />, "Back to the standard arrangement", () => view.replace({}))}
          <div className="menu-line" />
          {item(<Download />, "All these runs as CSV", () => void saveRuns("csv", search, columns).catch(toast.error))}
          {item(<Download />, "All these runs, every column, as CSV", () => void saveRuns("csv", search, undefined).catch(toast.error))}
          {item(<Download />, "All these runs as JSON", () => void saveRuns("json", search, undefined).catch(toast.error))}
        </div>
      </Popover>
      {renaming && (
        <NameDialog title="Rename view" action="Rename" initial={renaming.name} onClose={() => setRenaming(undefined)} onSave={(name) => updateView(renaming.view_id, { name }).then(refresh)} />
      )}
      {naming && experimentId !== undefined && (
        <NameDialog
          title="Save view"
          action="Save"
          onClose={() => setNaming(false)}
          onSave={async (name) => {
            const created = await createView(experimentId, name, state);
            view.replace(view.state, created.view_id);
            await refresh();
          }}
        />
      )}
    </>
  );
}

function ViewLine(props: { view: SavedView; current: boolean; onOpen: () => void; onDefault: () => void; onRename: () => void; onDelete: () => void }) {
  const { view } = props;
  return (
    <div className="row" style={{ gap: 0 }}>
      <button type="button" className="menu-item grow" aria-current={props.current} onClick={props.onOpen}>
        <Bookmark fill={props.current ? "currentColor" : "none"} />
        <span className="truncate">{view.name}</span>
      </button>
      <IconButton label={view.is_default ? "Default of this experiment" : "Make the default of this experiment"} small on={view.is_default} onClick={props.onDefault}>
        <Star />
      </IconButton>
      <IconButton label={`Rename ${view.name}`} small onClick={props.onRename}>
        <Pencil />
      </IconButton>
      <IconButton label={`Delete ${view.name}`} small onClick={props.onDelete}>
        <Trash2 />
      </IconButton>
    </div>
  );
}
