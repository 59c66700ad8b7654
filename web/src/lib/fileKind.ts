export type FileKind = "image" | "audio" | "video" | "markdown" | "csv" | "html" | "pdf" | "parquet" | "geojson" | "mlmodel" | "text" | "binary";

const KINDS: Record<string, FileKind> = Object.fromEntries([
  ...["png", "jpg", "jpeg", "gif", "webp", "bmp", "svg", "avif", "ico"].map((ending) => [ending, "image"]),
  ...["mp3", "wav", "ogg", "flac", "m4a"].map((ending) => [ending, "audio"]),
  ...["mp4", "webm", "mov"].map((ending) => [ending, "video"]),
  ...["md", "markdown"].map((ending) => [ending, "markdown"]),
  ...["html", "htm"].map((ending) => [ending, "html"]),
  ["pdf", "pdf"],
  ["parquet", "parquet"],
  ["geojson", "geojson"],
  ...["csv", "tsv"].map((ending) => [ending, "csv"]),
  ...["pkl", "pt", "pth", "ckpt", "onnx", "bin", "h5", "npz", "npy", "zip", "gz", "tar", "joblib", "safetensors", "ubj"].map((ending) => [ending, "binary"]),
]) as Record<string, FileKind>;

/** How a file is shown, by its name. What is not known is tried as text. */
export function kindOf(path: string): FileKind {
  const name = path.split("/").pop() ?? "";
  if (name === "MLmodel") return "mlmodel";
  const ending = name.includes(".") ? (name.split(".").pop() ?? "").toLowerCase() : "";
  return KINDS[ending] ?? "text";
}

const LANGUAGES: Record<string, string> = {
  py: "python", ipynb: "json", json: "json", geojson: "json", yaml: "yaml", yml: "yaml", MLmodel: "yaml", toml: "ini", ini: "ini", cfg: "ini", sh: "bash", js: "javascript",
  ts: "typescript", html: "xml", xml: "xml", svg: "xml", sql: "sql", r: "r", R: "r", rs: "rust", java: "java", diff: "diff",
};

/** The name of a file's language for colouring, if it has one. */
export function languageOf(path: string): string | undefined {
  const name = path.split("/").pop() ?? "";
  return LANGUAGES[name.includes(".") ? (name.split(".").pop() ?? "") : name];
}
