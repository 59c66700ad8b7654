import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { Suspense, lazy, useState } from "react";
import { type FileEnd, type Owner, artifactAddress, artifactText, documentAddress } from "../../api/artifacts";
import { type FileKind, kindOf } from "../../lib/fileKind";
import { formatBytes } from "../../lib/format";
import { Markdown } from "../../ui/Markdown";
import { CopyButton, Empty, Failure, Segment, Skeleton } from "../../ui/bits";
import { CsvTable } from "./CsvTable";

const Code = lazy(() => import("./Code"));
const GeoMap = lazy(() => import("./GeoMap"));
const ModelFile = lazy(() => import("./ModelFile"));
const ParquetTable = lazy(() => import("./ParquetTable"));

/** Bytes of a file that are shown; the rest is a download away. */
const SHOWN = 1_000_000;

const LOOKS: Partial<Record<FileKind, string>> = { csv: "Table", markdown: "Text", html: "Page", geojson: "Map", mlmodel: "Model" };

/** What is in a file. Nothing of it runs with the rights of this page. */
export function Preview({ owner, path }: { owner: Owner; path: string }) {
  const address = artifactAddress(owner, path);
  const kind = kindOf(path);
  const [raw, setRaw] = useState(false);
  const name = path.split("/").pop() ?? path;
  const look = LOOKS[kind];
  return (
    <>
      <div className="files-head">
        <span className="mono truncate grow" title={path}>
          {path}
        </span>
        {look && <Segment label="How" value={raw ? "raw" : "rich"} options={[["rich", look], ["raw", "Source"]]} onChange={(value) => setRaw(value === "raw")} />}
        <CopyButton text={path} label="Copy the path" />
        <a className="btn" href={address} download={name}>
          <Download />
          Download
        </a>
      </div>
      <div className="files-body" tabIndex={0} role="region" aria-label={name}>
        <Content owner={owner} path={path} address={address} kind={raw ? "text" : kind} />
      </div>
    </>
  );
}

function Content({ owner, path, address, kind }: { owner: Owner; path: string; address: string; kind: FileKind }) {
  switch (kind) {
    case "image":
      return (
        <div className="files-image">
          <img src={address} alt={path} />
        </div>
      );
    case "audio":
      return <audio controls src={address} className="files-media" />;
    case "video":
      return <video controls src={address} className="files-media" />;
    case "html":
      return (
        <div className="files-frame">
          <p className="files-note info">Shown without the rights of this page. What it loads from elsewhere is left out.</p>
          {/* The server sends it with a policy that says the same. */}
          <iframe src={documentAddress(owner, path)} title={path} sandbox="allow-scripts" referrerPolicy="no-referrer" />
        </div>
      );
    case "pdf":
      return (
        <div className="files-frame">
          <iframe src={documentAddress(owner, path)} title={path} referrerPolicy="no-referrer" />
        </div>
      );
    case "parquet":
      return (
        <Suspense fallback={<div style={{ padding: 16 }}><Skeleton height={200} /></div>}>
          <ParquetTable owner={owner} path={path} />
        </Suspense>
      );
    case "geojson":
      return (
        <Suspense fallback={<div style={{ padding: 16 }}><Skeleton height={200} /></div>}>
          <GeoMap owner={owner} path={path} />
        </Suspense>
      );
    case "binary":
      return <Empty title="No preview for this kind of file">It can be downloaded.</Empty>;
    default:
      return <TextContent owner={owner} path={path} kind={kind} />;
  }
}

function TextContent({ owner, path, kind }: { owner: Owner; path: string; kind: string }) {
  const [end, setEnd] = useState<FileEnd>("start");
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ["artifact", owner, path, end],
    queryFn: ({ signal }) => artifactText(owner, path, SHOWN, signal, end),
  });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (isPending) return <div style={{ padding: 16 }}><Skeleton height={200} /></div>;
  if (!data.total) return <Empty title="The file is empty" />;
  if (data.text.includes("\0")) return <Empty title="No preview for this kind of file">It can be downloaded.</Empty>;
  return (
    <>
      {!data.whole && (
        <div className="files-note row">
          <span className="grow">
            The {end === "start" ? "first" : "last"} {formatBytes(SHOWN)} of {formatBytes(data.total)}.
          </span>
          <Segment label="Which part" value={end} options={[["start", "Beginning"], ["end", "End"]]} onChange={setEnd} />
        </div>
      )}
      {kind === "markdown" ? (
        <div style={{ padding: 20 }}>
          <Markdown text={data.text} />
        </div>
      ) : kind === "mlmodel" ? (
        <Suspense fallback={<pre className="code">{data.text}</pre>}>
          <ModelFile owner={owner} path={path} text={data.text} />
        </Suspense>
      ) : kind === "csv" ? (
        <CsvTable text={data.text} separator={path.endsWith(".tsv") ? "\t" : ","} />
      ) : (
        <Suspense fallback={<pre className="code">{data.text}</pre>}>
          <Code text={data.text} path={path} whole={data.whole} numbered={end === "start"} />
        </Suspense>
      )}
    </>
  );
}
