import { useQuery } from "@tanstack/react-query";
import { Download, File, Folder } from "lucide-react";
import { type Owner, archiveAddress, artifactAddress, listArtifacts } from "../../api/artifacts";
import { kindOf } from "../../lib/fileKind";
import { formatBytes, formatNumber, plural } from "../../lib/format";
import { picturesOf } from "../../lib/images";
import { CopyButton, Empty, Failure, Skeleton } from "../../ui/bits";

/** Pictures that were logged by key and step are known by those. */
function titleOf(path: string): string {
  const [picture] = [...picturesOf([path]).values()].flat();
  return picture ? `${picture.key}, step ${formatNumber(picture.step)}` : nameOf(path);
}

const nameOf = (path: string) => path.split("/").pop() ?? path;

/** What is in a folder: pictures as pictures, the rest by name. */
export function FolderView({ owner, path, onOpen }: { owner: Owner; path: string; onOpen: (path: string) => void }) {
  const { data, error, isPending, refetch } = useQuery({ queryKey: ["artifacts", owner, path], queryFn: () => listArtifacts(owner, path) });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  const files = data?.filter((file) => !file.is_dir) ?? [];
  const pictures = files.filter((file) => kindOf(file.path) === "image");
  const others = data?.filter((file) => file.is_dir || kindOf(file.path) !== "image") ?? [];
  const bytes = files.reduce((sum, file) => sum + (file.file_size ?? 0), 0);
  return (
    <>
      <div className="files-head">
        <span className="mono truncate" title={path}>
          {path}/
        </span>
        <span className="faint num grow">{data && `${plural(files.length, "file")}, ${formatBytes(bytes)}`}</span>
        <CopyButton text={path} label="Copy the path" />
        <a className="btn" href={archiveAddress(owner, path)} download={`${nameOf(path)}.zip`}>
          <Download />
          Download as ZIP
        </a>
      </div>
      <div className="files-body" tabIndex={0} role="region" aria-label={path}>
        {isPending && <Skeleton height={120} />}
        {data && !data.length && <Empty title="The folder is empty" />}
        {pictures.length > 0 && (
          <div className="gallery">
            {pictures.map((file) => (
              <button key={file.path} type="button" className="gallery-item" onClick={() => onOpen(file.path)} title={nameOf(file.path)}>
                <img src={artifactAddress(owner, file.path)} alt="" loading="lazy" />
                <span className="truncate">{titleOf(file.path)}</span>
              </button>
            ))}
          </div>
        )}
        {others.length > 0 && (
          <ul className="folder-list">
            {others.map((file) => (
              <li key={file.path}>
                <button type="button" className="file" onClick={() => onOpen(file.path)}>
                  {file.is_dir ? <Folder /> : <File />}
                  <span className="truncate grow">{nameOf(file.path)}</span>
                  {!file.is_dir && <span className="faint num">{formatBytes(file.file_size)}</span>}
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
    </>
  );
}
