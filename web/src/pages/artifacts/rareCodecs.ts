/**
 * Compressions that few Parquet files have: fetched with the first of those. The package's own entry compiles
 * WebAssembly for one more when it is loaded, which the pages' policy forbids.
 */
import { decompressBrotli } from "hyparquet-compressors/src/brotli.js";
import { gunzip } from "hyparquet-compressors/src/gzip.js";
import { decompressLz4, decompressLz4Raw } from "hyparquet-compressors/src/lz4.js";

const gzip = (input: Uint8Array, length: number) => gunzip(input, new Uint8Array(length));

export const RARE = { GZIP: gzip, BROTLI: decompressBrotli, LZ4: decompressLz4, LZ4_RAW: decompressLz4Raw };
