import { expect, test } from "vitest";
import { above, bandsOf, interpolate } from "./bands";

const curve = (runId: string, ...points: [number, number][]) => ({ runId, xs: points.map(([x]) => x), ys: points.map(([, y]) => y) });

test("a curve has values between its points, and none beyond", () => {
  const line = curve("a", [0, 0], [10, 20], [20, 0]);
  expect([-1, 0, 5, 10, 15, 20, 21].map((x) => interpolate(line, x))).toEqual([undefined, 0, 10, 20, 10, 0, undefined]);
  expect(interpolate(curve("b"), 1)).toBeUndefined();
  expect(interpolate(curve("c", [3, 7]), 3)).toBe(7);
});

test("a group is its mean between lowest and highest, of those that are there", () => {
  const groups = new Map([["a", "g"], ["b", "g"]]);
  const [band, alone] = bandsOf([curve("a", [0, 1], [2, 3]), curve("b", [0, 3], [4, 3]), curve("c", [0, 9])], groups);
  expect(band).toEqual({ runId: "g", xs: [0, 2, 4], ys: [2, 3, 3], low: [1, 3, 3], high: [3, 3, 3] });
  expect(alone?.runId).toBe("c");
});

test("a value that is none does not spoil the mean of a group", () => {
  const [band] = bandsOf([curve("a", [0, NaN]), curve("b", [0, 3])], new Map([["a", "g"], ["b", "g"]]));
  expect(band?.ys).toEqual([3]);
});

test("a difference is drawn where the baseline is", () => {
  const [difference] = above([curve("a", [0, 1], [5, 4], [9, 9])], curve("base", [0, 1], [8, 9]));
  expect(difference).toEqual({ runId: "a", xs: [0, 5], ys: [0, -2] });
});
