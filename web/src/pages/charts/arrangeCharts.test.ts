import { expect, test } from "vitest";
import { moved, sections } from "./arrangeCharts";

test("charts stand in sections, those that were moved first", () => {
  const metrics = ["a", "system/cpu", "train/lr", "train/loss", "val/loss"];
  expect(sections(metrics, "").map(({ name, metrics: inside }) => [name, ...inside])).toEqual([["", "a"], ["train", "train/lr", "train/loss"], ["val", "val/loss"], ["system", "system/cpu"]]);
  expect(sections(metrics, "", ["train/loss"])[1]?.metrics).toEqual(["train/loss", "train/lr"]);
  expect(sections(metrics, "val").map(({ name }) => name)).toEqual(["val"]);
});

test("a chart is put before or after another one", () => {
  expect(moved(["a", "b", "c"], "c", "a", false)).toEqual(["c", "a", "b"]);
  expect(moved(["a", "b", "c"], "a", "b", true)).toEqual(["b", "a", "c"]);
  const same = ["a", "b"];
  expect(moved(same, "a", "a", true)).toBe(same);
  expect(moved(same, "x", "a", true)).toBe(same);
});
