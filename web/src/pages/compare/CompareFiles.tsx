import { useQueries } from "@tanstack/react-query";
import { File, Folder } from "lucide-react";
import { useMemo, useState } from "react";
import { type Owner, artifactText, listArtifacts } from "../../api/artifacts";
import type { Row } from "../../lib/columns";
import { kindOf } from "../../lib/fileKind";
import { plural } from "../../lib/format";
import { Empty, Segment, Skeleton } from "../../ui/bits";
import { Preview } from "../artifacts/Preview";
import { TextDiff } from "./TextDiff";

/** Files of this many runs stand side by side; more would be too narrow to read. */
const MOST = 4;
/** Bytes of which differences are shown. */
const COMPARED = 200_000;

const TEXTS = new Set(["text", "markdown", "csv", "html", "geojson", "mlmodel"]);
const ownerOf = (row: Row): Owner => ({ kind: "run", id: row.id });

/** The files that runs have in one folder, and how many of the runs have each. */
function useFiles(rows: Row[], folder: string) {
  return useQueries({
    queries: rows.map((row) => ({ queryKey: ["artifacts", ownerOf(row), folder], queryFn: () => listArtifacts(ownerOf(row), folder) })),
    combine: (lists) => {
      const files = new Map<string, { isFolder: boolean; count: number }>();
      for (const file of lists.flatMap((list) => list.data ?? [])) files.set(file.path, { isFolder: file.is_dir, count: (files.get(file.path)?.count ?? 0) + 1 });
      return { pending: lists.some((list) => list.isPending), files: [...files].sort(([a, left], [b, right]) => Number(right.isFolder) - Number(left.isFolder) || a.localeCompare(b)) };
    },
  });
}

/** One file of several runs, side by side or as what differs. */
export function CompareFiles({ rows, colorOf }: { rows: Row[]; colorOf: (id: string) => string }) {
  const [folder, setFolder] = useState("");
  const [path, setPath] = useState("");
  const [how, setHow] = useState<"beside" | "diff">("beside");
  const { pending, files } = useFiles(rows, folder);
  const shown = useMemo(() => rows.slice(0, MOST), [rows]);
  const isText = TEXTS.has(kindOf(path));
  if (pending && !files.length) return <div className="pad"><Skeleton height={200} /></div>;
  if (!files.length && !folder) return <Empty title="No artifacts">None of these runs has files.</Empty>;
  return (
    <div className="files">
      <div className="files-side">
        <div className="files-tree" role="listbox" aria-label="Files" tabIndex={0}>
          {folder && (
            <button type="button" role="option" aria-selected={false} className="file" onClick={() => setFolder(folder.split("/").slice(0, -1).join("/"))}>
              <Folder />
              <span className="truncate grow">.. back from {folder}</span>
            </button>
          )}
          {files.map(([name, { isFolder, count }]) => (
            <button key={name} type="button" role="option" aria-selected={name === path} className="file" onClick={() => (isFolder ? setFolder(name) : setPath(name))}>
              {isFolder ? <Folder /> : <File />}
              <span className="truncate grow" title={name}>
                {name.split("/").pop()}
              </span>
              {count < rows.length && <span className="faint num">{count} of {rows.length}</span>}
            </button>
          ))}
        </div>
      </div>
      <div className="files-main">
        {!path ? (
          <Empty title="Choose a file">It is shown for {rows.length > MOST ? `the first ${MOST} runs` : plural(rows.length, "run")}, side by side.</Empty>
        ) : (
          <>
            {isText && (
              <div className="files-head">
                <span className="mono truncate grow">{path}</span>
                <Segment label="How" value={how} options={[["beside", "Side by side"], ["diff", "Differences"]]} onChange={setHow} />
              </div>
            )}
            {isText && how === "diff" ? (
              <Differences rows={shown} path={path} />
            ) : (
              <div className="beside" style={{ gridTemplateColumns: `repeat(${shown.length}, minmax(0, 1fr))` }}>
                {shown.map((row) => (
                  <section key={row.id} aria-label={row.name} className="files-main">
                    <h2 className="row beside-name">
                      <span className="swatch" style={{ background: colorOf(row.id) }} />
                      <span className="truncate">{row.name}</span>
                    </h2>
                    <Preview key={path} owner={ownerOf(row)} path={path} />
                  </section>
                ))}
              </div>
            )}
          </>
        )}
      </div>
    </div>
  );
}

/** A text of the first run, and how those of the others differ from it. */
function Differences({ rows, path }: { rows: Row[]; path: string }) {
  const texts = useQueries({
    queries: rows.map((row) => ({ queryKey: ["artifact", ownerOf(row), path, COMPARED], queryFn: () => artifactText(ownerOf(row), path, COMPARED), retry: false })),
  });
  const first = texts[0]?.data;
  if (texts.some((text) => text.isPending)) return <div className="pad"><Skeleton height={200} /></div>;
  return (
    <div className="body" tabIndex={0} role="region" aria-label="Differences">
      {rows.slice(1).map((row, at) => {
        const other = texts[at + 1]?.data;
        return (
          <section key={row.id} aria-label={row.name}>
            <h2 className="beside-name">{rows[0]?.name} and {row.name}</h2>
            {!first || !other ? (
              <p className="faint kv-note">One of them has no such file.</p>
            ) : first.text === other.text ? (
              <p className="faint kv-note">The same{!(first.whole && other.whole) && ", as far as it was read"}.</p>
            ) : (
              <TextDiff before={first.text} after={other.text} />
            )}
          </section>
        );
      })}
    </div>
  );
}
