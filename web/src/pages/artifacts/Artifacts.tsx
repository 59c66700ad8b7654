import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ChevronDown, ChevronRight, Download, File, Folder, Upload } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { type Owner, archiveAddress, listArtifacts } from "../../api/artifacts";
import type { FileInfo } from "../../api/types";
import { formatBytes } from "../../lib/format";
import { filesIn } from "../../lib/dropped";
import { downloadArtifact } from "../../lib/snippets";
import { IconButton } from "../../ui/Button";
import { useToast } from "../../ui/Toasts";
import { Empty, Failure, Skeleton } from "../../ui/bits";
import { FolderView } from "./FolderView";
import { Preview } from "./Preview";
import { Uploads } from "./Uploads";
import { useUpload } from "./useUpload";

interface Props {
  owner: Owner;
  path: string;
  /** The address of the page that shows a path. */
  pathTo: (path: string) => { to: string; params: Record<string, string>; search?: Record<string, string> };
}

const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** A tree of files at the left, what is in one at the right. Files that are dropped here are uploaded. */
export function Artifacts({ owner, path, pathTo }: Props) {
  const go = useNavigate();
  const toast = useToast();
  const client = useQueryClient();
  const { data, error, isPending, refetch } = useQuery({ queryKey: ["artifacts", owner, ""], queryFn: () => listArtifacts(owner, "") });
  const siblings = useQuery({ queryKey: ["artifacts", owner, parentOf(path)], queryFn: () => listArtifacts(owner, parentOf(path)), enabled: path !== "" });
  const isFolder = siblings.data?.some((file) => file.path === path && file.is_dir) ?? false;
  const folder = isFolder ? path : parentOf(path);
  const { uploads, add, dismiss } = useUpload(owner, () => void client.invalidateQueries({ queryKey: ["artifacts", owner] }));
  const [over, setOver] = useState(false);
  const chooser = useRef<HTMLInputElement>(null);
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  const ofRun = owner.kind === "run";
  const open = (next: string) => void go(pathTo(next));
  const bare = data?.length === 0;
  return (
    <div
      className={bare ? "files bare" : "files"}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      }}
      onDrop={(event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        setOver(false);
        void filesIn(event.dataTransfer.items).then((files) => add(files, folder), toast.error);
      }}
    >
      {!bare && (
        <div className="files-side">
          <div className="files-head">
            <h2 className="grow">Files</h2>
            <IconButton label={folder ? `Upload to ${folder}` : "Upload files"} small onClick={() => chooser.current?.click()}>
              <Upload />
            </IconButton>
            <a className="btn ghost icon small" href={archiveAddress(owner, "")} download aria-label="Download all as a ZIP archive" title="Download all as a ZIP archive">
              <Download />
            </a>
          </div>
          <div className="files-tree" tabIndex={0} role="tree" aria-label="Artifacts">
            {isPending ? <Skeleton height={120} /> : data.map((file) => <Node key={file.path} owner={owner} file={file} depth={0} path={path} onOpen={open} />)}
          </div>
        </div>
      )}
      <div className="files-main">
        {bare ? (
          <Empty title="No artifacts" code={ofRun ? `with mlflow.start_run(run_id="${owner.id}"):\n    mlflow.log_artifact("model.pt")` : undefined}>
            {ofRun ? "Files that a run logs are shown here. Drop some here to upload them, or log them in Python:" : "The files of the model are shown here. Drop some here to upload them."}
          </Empty>
        ) : !path ? (
          <Empty title="Choose a file" code={ofRun ? downloadArtifact(owner.id, data?.[0]?.path ?? "") : undefined}>
            Drop files here to upload them.{ofRun && " In Python, they are loaded with:"}
          </Empty>
        ) : siblings.isPending ? (
          <div style={{ padding: 16 }}>
            <Skeleton height={200} />
          </div>
        ) : isFolder ? (
          <FolderView key={path} owner={owner} path={path} onOpen={open} />
        ) : (
          <Preview key={path} owner={owner} path={path} />
        )}
        <Uploads uploads={uploads} onDismiss={dismiss} />
      </div>
      {over && (
        <div className="files-drop">
          <Upload />
          Upload to {folder || `the ${owner.kind}`}
        </div>
      )}
      <input
        ref={chooser}
        type="file"
        multiple
        hidden
        data-testid="upload"
        onChange={(event) => {
          add([...(event.target.files ?? [])].map((file) => ({ file, path: file.name })), folder);
          event.target.value = "";
        }}
      />
    </div>
  );
}

interface NodeProps {
  owner: Owner;
  file: FileInfo;
  depth: number;
  path: string;
  onOpen: (path: string) => void;
}

function Node({ owner, file, depth, path, onOpen }: NodeProps) {
  const leads = path === file.path || path.startsWith(`${file.path}/`);
  const [open, setOpen] = useState(leads);
  // What is opened at the right is not hidden at the left.
  useEffect(() => {
    if (leads) setOpen(true);
  }, [leads]);
  const { data, error } = useQuery({ queryKey: ["artifacts", owner, file.path], queryFn: () => listArtifacts(owner, file.path), enabled: file.is_dir && open });
  const name = file.path.split("/").pop() ?? file.path;
  const press = () => {
    if (file.is_dir && (open ? path === file.path : true)) setOpen(!open);
    if (path !== file.path) onOpen(file.path);
  };
  return (
    <>
      <button
        type="button"
        role="treeitem"
        aria-selected={path === file.path}
        aria-expanded={file.is_dir ? open : undefined}
        aria-level={depth + 1}
        className="file"
        style={{ paddingLeft: 12 + depth * 16 }}
        onClick={press}
      >
        {file.is_dir ? open ? <ChevronDown /> : <ChevronRight /> : <span className="file-gap" />}
        {file.is_dir ? <Folder /> : <File />}
        <span className="truncate grow" title={name}>
          {name}
        </span>
        {!file.is_dir && <span className="faint num">{formatBytes(file.file_size)}</span>}
      </button>
      {open && error && <p className="faint kv-note">Cannot be listed.</p>}
      {open && data?.map((child) => <Node key={child.path} owner={owner} file={child} depth={depth + 1} path={path} onOpen={onOpen} />)}
    </>
  );
}
