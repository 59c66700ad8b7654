/** Compressions that few Parquet files have: fetched with the first of those. */
import { decompressBrotli, decompressGzip, decompressLz4, decompressLz4Raw } from "hyparquet-compressors";

export const RARE = { GZIP: decompressGzip, BROTLI: decompressBrotli, LZ4: decompressLz4, LZ4_RAW: decompressLz4Raw };
