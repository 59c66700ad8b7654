/** Lines of two texts, as one list. */
export interface DiffLine {
  kind: "same" | "old" | "new";
  text: string;
}

/** Beyond this many pairs of lines, texts are shown one after the other. */
const MOST_PAIRS = 4_000_000;

/** The shortest way from one text to the other, line by line. */
export function diffLines(before: string, after: string): DiffLine[] {
  const a = before.split("\n");
  const b = after.split("\n");
  const all = (lines: string[], kind: DiffLine["kind"]) => lines.map((text) => ({ kind, text }));
  if (a.length * b.length > MOST_PAIRS) return [...all(a, "old"), ...all(b, "new")];
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] as number;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ kind: "same", text: a[i++] as string });
      j++;
    } else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) lines.push({ kind: "old", text: a[i++] as string });
    else lines.push({ kind: "new", text: b[j++] as string });
  }
  return lines;
}
