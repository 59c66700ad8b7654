/** New names for many runs from one pattern. */
import { type Row, cellValue, column } from "./columns";
import { formatNumber } from "./format";

/** Fills `{name}`, `{n}`, `{params.lr}`, `{metrics.val/loss}` and `{tags.stage}`; what a run does not have becomes nothing. */
export function renamed(pattern: string, row: Row, place: number): string {
  const filled = pattern.replace(/\{([^{}]+)\}/g, (whole, word: string) => {
    if (word === "name") return row.name;
    if (word === "n") return String(place);
    const [, kind, key = ""] = /^(param|metric|tag)s?\.(.+)$/.exec(word) ?? [];
    if (!kind) return whole;
    const value = cellValue(row, column(`${kind}:${key}`));
    return typeof value === "number" ? formatNumber(value) : (value ?? "");
  });
  return filled.trim();
}
