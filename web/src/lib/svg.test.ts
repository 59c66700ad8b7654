import { expect, test } from "vitest";
import { curvesSvg, ticks } from "./svg";

test("ticks are round, and inside", () => {
  expect(ticks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(ticks(0.13, 0.29, 4)).toEqual([0.15, 0.2, 0.25]);
  expect(ticks(5, 5, 4)).toEqual([5]);
});

const base = { title: "a < b", xTitle: "step", colorOf: () => "#123456", nameOf: (id: string) => `run & ${id}`, smoothing: 0, logX: false, logY: false, tick: String };

test("a drawing has a line for each curve, and no markup of others", () => {
  const text = curvesSvg({ ...base, curves: [{ runId: "1", xs: [0, 1, 2, 3], ys: [1, 2, NaN, 4] }, { runId: "2", xs: [0], ys: [3] }] });
  expect(text.match(/stroke="#123456"/g)).toHaveLength(2);
  expect(text).toContain("a &lt; b");
  expect(text).toContain("run &amp; 1");
  // A gap interrupts the line.
  expect(/d="(M[^"]*)" fill="none"/.exec(text)?.[1]?.match(/M/g)).toHaveLength(2);
  expect(text).not.toContain("NaN");
});

test("what a logarithmic axis has no place for is left out", () => {
  const text = curvesSvg({ ...base, logY: true, curves: [{ runId: "1", xs: [0, 1, 2], ys: [0, 10, 1000] }] });
  expect(text).not.toMatch(/NaN|Infinity/);
});
