/** Colours of runs: distinct in light and dark, the same for a run wherever it is shown. */
export const PALETTE = [
  "#3b7ddd", "#e0672b", "#2f9e62", "#b550c4", "#d14545", "#1798a5", "#a07a14", "#7a67e0", "#d6488c", "#5d8f1e",
  "#0f7fbf", "#b9663a", "#3aa083", "#8f5bb5", "#c23d6b", "#4f74a8", "#87791a", "#cf5f4b", "#5b6be0", "#2b8a8a",
];

/** A number made of a text, the same everywhere. */
export function hash(text: string): number {
  let sum = 2166136261;
  for (let at = 0; at < text.length; at++) {
    sum ^= text.charCodeAt(at);
    sum = Math.imul(sum, 16777619);
  }
  return sum >>> 0;
}

export function colorOf(id: string, chosen: Record<string, string> = {}): string {
  return chosen[id] ?? (PALETTE[hash(id) % PALETTE.length] as string);
}
