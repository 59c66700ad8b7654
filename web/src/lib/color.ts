/** Colours of runs: distinct in light and dark, and mostly the same for a run wherever it is shown. */
export const PALETTE = [
  "#3b7ddd", "#e0672b", "#2f9e62", "#b550c4", "#d14545", "#1798a5", "#a07a14", "#7a67e0", "#d6488c", "#5d8f1e",
  "#0f7fbf", "#b9663a", "#3aa083", "#8f5bb5", "#c23d6b", "#4f74a8", "#87791a", "#cf5f4b", "#5b6be0", "#2b8a8a",
];

/** From low to high, where colour stands for a number. */
export const RAMP = ["#3b7ddd", "#8f5bb5", "#e0672b"];

/** The colour of a share from 0 to 1. */
export function ramp(share: number): string {
  const place = Math.min(1, Math.max(0, share)) * (RAMP.length - 1);
  const at = Math.min(RAMP.length - 2, Math.floor(place));
  const part = (color: string | undefined, from: number) => parseInt((color ?? "").slice(from, from + 2), 16);
  const mixed = [1, 3, 5].map((from) => Math.round(part(RAMP[at], from) + (place - at) * (part(RAMP[at + 1], from) - part(RAMP[at], from))));
  return `rgb(${mixed.join(",")})`;
}

/** A number made of a text, the same everywhere. */
export function hash(text: string): number {
  let sum = 2166136261;
  for (let at = 0; at < text.length; at++) {
    sum ^= text.charCodeAt(at);
    sum = Math.imul(sum, 16777619);
  }
  return sum >>> 0;
}

export function colorOf(id: string): string {
  return PALETTE[hash(id) % PALETTE.length] as string;
}

/**
 * Colours for runs that are shown together. Where two would have the same, the later one takes the next that is free,
 * as long as there is one.
 */
export function assignColors(ids: Iterable<string>, chosen: Record<string, string> = {}): Map<string, string> {
  const colors = new Map<string, string>();
  const taken = new Set(Object.values(chosen));
  for (const id of ids) {
    let color = chosen[id];
    if (color === undefined) {
      const first = hash(id) % PALETTE.length;
      const free = PALETTE.findIndex((_, at) => !taken.has(PALETTE[(first + at) % PALETTE.length] as string));
      color = PALETTE[(first + Math.max(0, free)) % PALETTE.length] as string;
    }
    taken.add(color);
    colors.set(id, color);
  }
  return colors;
}
