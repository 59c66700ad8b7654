/** How numbers, times and sizes look. One place, so that they look the same everywhere. */

/** A metric as a number; JSON has no NaN, so the server sends text for those. */
export function toNumber(value: number | string | undefined): number {
  if (value === undefined) return NaN;
  return typeof value === "number" ? value : Number(value);
}

/** About `digits` significant digits, never longer than a table cell likes; with `even`, zeros at the end stay. */
export function formatNumber(value: number, digits = 5, even = false): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e9) return minus(value.toLocaleString("en-US").replaceAll(",", size < 1e4 ? "" : " "));
  if (size >= 1e7 || size < 1e-4) return minus(value.toExponential(3).replace("e+", "e"));
  if (size >= 1000) return minus(value.toFixed(1));
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  const text = value.toFixed(Math.min(decimals, 8));
  return minus(even ? text : trimZeros(text));
}

function minus(text: string): string {
  return text.startsWith("-") ? `−${text.slice(1)}` : text;
}

function trimZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** The shortest text that stands for this very number. */
export function exactNumber(value: number): string {
  return Number.isFinite(value) ? String(value) : formatNumber(value);
}

const UNITS: [number, string][] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
];

/** `2 h 5 min`: the two units that matter. */
export function formatDuration(ms: number | undefined): string {
  if (ms === undefined || Number.isNaN(ms) || ms < 0) return "–";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  for (let at = 0; at < UNITS.length; at++) {
    const [size, name] = UNITS[at] as [number, string];
    if (ms < size) continue;
    const next = UNITS[at + 1];
    const rest = next ? Math.floor((ms % size) / next[0]) : 0;
    return `${Math.floor(ms / size)} ${name}${next && rest ? ` ${rest} ${next[1]}` : ""}`;
  }
  return "–";
}

/** `3 min ago`. */
export function formatAgo(time: number | undefined, now: number): string {
  if (!time) return "–";
  const ms = now - time;
  if (ms < 45_000) return ms < -60_000 ? formatTime(time) : "just now";
  for (const [size, name] of UNITS) {
    if (ms >= size) return ms > 30 * 86_400_000 ? formatDate(time) : `${Math.floor(ms / size)} ${name} ago`;
  }
  return "just now";
}

const two = (part: number) => String(part).padStart(2, "0");

/** `2026-11-20 14:03:05`, in the reader's time zone. */
export function formatTime(time: number | undefined): string {
  if (!time) return "–";
  const date = new Date(time);
  return `${formatDate(time)} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export function formatDate(time: number): string {
  const date = new Date(time);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** `3.4 MB`. */
export function formatBytes(bytes: number | undefined): string {
  if (bytes === undefined) return "0 B";
  let size = bytes;
  for (const unit of ["B", "KB", "MB", "GB"]) {
    if (size < 1000) return `${unit === "B" ? size : size.toFixed(size < 10 ? 1 : 0)} ${unit}`;
    size /= 1000;
  }
  return `${size.toFixed(1)} TB`;
}

export function plural(count: number, word: string, many = `${word}s`): string {
  return `${formatNumber(count)} ${count === 1 ? word : many}`;
}
