import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ChevronDown, ChevronRight, File, Folder } from "lucide-react";
import { useState } from "react";
import { type Owner, listArtifacts } from "../../api/artifacts";
import type { FileInfo } from "../../api/types";
import { formatBytes } from "../../lib/format";
import { downloadArtifact } from "../../lib/snippets";
import { Empty, Failure, Skeleton } from "../../ui/bits";
import { Preview } from "./Preview";

interface Props {
  owner: Owner;
  path: string;
  /** The address of the page that shows a path. */
  pathTo: (path: string) => { to: string; params: Record<string, string>; search?: Record<string, string> };
}

/** A tree of files at the left, what is in one at the right. */
export function Artifacts({ owner, path, pathTo }: Props) {
  const go = useNavigate();
  const { data, error, isPending, refetch } = useQuery({ queryKey: ["artifacts", owner, ""], queryFn: () => listArtifacts(owner, "") });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (data && !data.length) {
    return (
      <Empty title="No artifacts" code={owner.kind === "run" ? `with mlflow.start_run(run_id="${owner.id}"):\n    mlflow.log_artifact("model.pt")` : undefined}>
        Files that a run logs are shown here.
      </Empty>
    );
  }
  const open = (next: string) => void go(pathTo(next));
  return (
    <div className="files">
      <div className="files-tree" tabIndex={0} role="tree" aria-label="Artifacts">
        {isPending ? <Skeleton height={120} /> : data.map((file) => <Node key={file.path} owner={owner} file={file} depth={0} path={path} onOpen={open} />)}
      </div>
      <div className="files-main">
        {path ? (
          <Preview key={path} owner={owner} path={path} />
        ) : (
          <Empty title="Choose a file" code={owner.kind === "run" ? downloadArtifact(owner.id, data?.[0]?.path ?? "") : undefined}>
            Or load all of them in Python:
          </Empty>
        )}
      </div>
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
  const [open, setOpen] = useState(() => path.startsWith(`${file.path}/`));
  const { data, error } = useQuery({ queryKey: ["artifacts", owner, file.path], queryFn: () => listArtifacts(owner, file.path), enabled: file.is_dir && open });
  const name = file.path.split("/").pop() ?? file.path;
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
        onClick={() => (file.is_dir ? setOpen(!open) : onOpen(file.path))}
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
