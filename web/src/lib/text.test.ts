import { expect, test } from "vitest";
import { complete } from "./complete";
import { parseCsv, toCsv } from "./csv";
import { diffLines } from "./diff";
import { kindOf, languageOf } from "./fileKind";
import { exactNumber, formatAgo, formatBytes, formatDuration, formatNumber, toNumber } from "./format";
import { fuzzyFilter, fuzzyScore } from "./fuzzy";

test.each([
  [0, "0"],
  [0.5, "0.5"],
  [0.123456789, "0.12346"],
  [-0.25, "−0.25"],
  [1234.5678, "1234.6"],
  [1234567, "1 234 567"],
  [12345678.9, "1.235e7"],
  [0.0000123, "1.230e-5"],
  [NaN, "NaN"],
  [-Infinity, "−∞"],
])("%f is shown as %s", (value, text) => expect(formatNumber(value)).toBe(text));

test("numbers of a column keep their zeros", () => expect([0.5, 0.1234567].map((value) => formatNumber(value, 4, true))).toEqual(["0.5000", "0.1235"]));

test("numbers that JSON cannot hold arrive as text", () => {
  expect(toNumber("NaN")).toBeNaN();
  expect(toNumber("-Infinity")).toBe(-Infinity);
  expect(exactNumber(0.1 + 0.2)).toBe("0.30000000000000004");
});

test.each([
  [12, "12 ms"],
  [1500, "1.5 s"],
  [59_000, "59 s"],
  [61_000, "1 min 1 s"],
  [7_200_000, "2 h"],
  [93_600_000, "1 d 2 h"],
  [-5, "–"],
])("%d ms last %s", (ms, text) => expect(formatDuration(ms)).toBe(text));

test("times are told from now", () => {
  const now = Date.UTC(2026, 0, 31);
  expect(formatAgo(now - 1000, now)).toBe("just now");
  expect(formatAgo(now - 3_700_000, now)).toBe("1 h ago");
  expect(formatAgo(now - 90 * 86_400_000, now)).toMatch(/^2025-/);
  expect(formatAgo(0, now)).toBe("–");
});

test("sizes have one unit", () => expect([999, 1500, 134e6, undefined].map(formatBytes)).toEqual(["999 B", "1.5 KB", "134 MB", "0 B"]));

test("all words of a search must occur, and whole beginnings are better", () => {
  expect(fuzzyScore("vision seg", "vision/segmentation")).toBeGreaterThan(0);
  expect(fuzzyScore("vision nlp", "vision/segmentation")).toBe(0);
  expect(fuzzyFilter("ran", ["grand", "random"], (item) => item)).toEqual(["random", "grand"]);
  expect(fuzzyFilter("vsg", ["vision/segmentation"], (item) => item)).toHaveLength(1);
});

test("what is written as CSV is read back", () => {
  const rows = [["a", 'say "hi"', "x,y"], ["", "two\nlines", "3"]];
  expect(parseCsv(toCsv(rows), ",")).toEqual(rows);
  expect(parseCsv("a\tb\r\n1\t2", "\t")).toEqual([["a", "b"], ["1", "2"]]);
});

test("differences are the least there are", () => {
  const lines = diffLines("a\nb\nc", "a\nx\nc");
  expect(lines.map(({ kind, text }) => `${kind} ${text}`)).toEqual(["same a", "old b", "new x", "same c"]);
});

test("files are shown by their names", () => {
  expect(["a/b.PNG", "MLmodel", "x.csv", "m.pkl", "noending"].map(kindOf)).toEqual(["image", "mlmodel", "csv", "binary", "text"]);
  expect(["MLmodel", "a.py", "a.unknown"].map(languageOf)).toEqual(["yaml", "python", undefined]);
});

const KEYS = { metrics: ["val/loss", "loss"], params: ["lr"], tags: [] };

test.each([
  ["met", ["metrics."]],
  ["metrics.lo", ["loss", "`val/loss`"]],
  ["metrics.`val", ["`val/loss`"]],
  ["params.lr = '1' A", ["AND "]],
  ["attributes.status = 'F", ["'FINISHED'", "'FAILED'"]],
])("after %s comes one of %s", (text, options) => expect(complete(text, text.length, KEYS).options).toEqual(options));
