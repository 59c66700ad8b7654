import { useQuery } from "@tanstack/react-query";
import { decompress as zstd } from "fzstd";
import { type Compressors, type FileMetaData, asyncBufferFromUrl, parquetMetadataAsync, parquetReadObjects, parquetSchema } from "hyparquet";
import { type Owner, artifactAddress } from "../../api/artifacts";
import { formatBytes, formatNumber, plural } from "../../lib/format";
import { Empty, Skeleton } from "../../ui/bits";
import { CellTable } from "./CellTable";

/** Rows that are shown. */
const ROWS = 1000;
/** A group of rows is fetched as a whole; of files with larger ones, only the columns are shown. */
const LARGEST = 64_000_000;

/** Beside Snappy, which the reader knows. */
const USUAL: Compressors = { ZSTD: (input, length) => zstd(input, new Uint8Array(length)) };

async function compressorsFor(metadata: FileMetaData): Promise<Compressors> {
  const used = metadata.row_groups.flatMap((group) => group.columns.map((column) => column.meta_data?.codec));
  if (!used.some((codec) => codec && /GZIP|BROTLI|LZ4/.test(codec))) return USUAL;
  return { ...USUAL, ...(await import("./rareCodecs")).RARE };
}

interface Table {
  head: string[];
  rows: string[][];
  /** Rows of the whole file. */
  total: number;
  /** Bytes of the first group of rows, if it is too large to be fetched. */
  tooLarge?: number;
}

/** Reads columns and first rows of a file, and of the file only the parts that hold them. */
async function readTable(url: string): Promise<Table> {
  const file = await asyncBufferFromUrl({ url });
  const metadata = await parquetMetadataAsync(file);
  const head = parquetSchema(metadata).children.map(({ element }) => element.name);
  const total = Number(metadata.num_rows);
  const bytes = Number(metadata.row_groups[0]?.columns.reduce((sum, column) => sum + (column.meta_data?.total_compressed_size ?? 0n), 0n) ?? 0n);
  if (bytes > LARGEST) return { head, rows: [], total, tooLarge: bytes };
  const found = await parquetReadObjects({ file, metadata, compressors: await compressorsFor(metadata), rowStart: 0, rowEnd: Math.min(ROWS, total) });
  return { head, rows: found.map((row) => head.map((name) => cell(row[name]))), total };
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : formatNumber(value, 8);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === "object") return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? String(inner) : inner));
  return String(value as string | bigint | boolean);
}

/** The first rows of a Parquet file. */
export default function ParquetTable({ owner, path }: { owner: Owner; path: string }) {
  const { data, error, isPending } = useQuery({ queryKey: ["parquet", owner, path], queryFn: () => readTable(artifactAddress(owner, path)), retry: false });
  if (isPending) return <div style={{ padding: 16 }}><Skeleton height={200} /></div>;
  if (error) return <Empty title="No preview of this file">It can be downloaded, and read with pandas.read_parquet. ({error.message})</Empty>;
  return (
    <div className="files-frame">
      <p className="files-note info num">
        {plural(data.total, "row")}, {plural(data.head.length, "column")}
        {data.rows.length < data.total && !data.tooLarge && `; the first ${formatNumber(data.rows.length)} are shown`}
        {data.tooLarge && `; rows come in groups of ${formatBytes(data.tooLarge)}, which is too much for a preview`}
      </p>
      <div className="grow" style={{ minHeight: 0 }}>
        <CellTable head={data.head} rows={data.rows} />
      </div>
    </div>
  );
}
