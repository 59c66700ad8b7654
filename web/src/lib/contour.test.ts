import { expect, test } from "vitest";
import { contourLevels, surface } from "./contour";

const corners = [
  { x: 0, y: 0, z: 0 },
  { x: 1, y: 0, z: 0 },
  { x: 0, y: 1, z: 0 },
  { x: 1, y: 1, z: 0 },
];

test("a surface passes near its points, and stays between them", () => {
  const grid = surface([...corners, { x: 0.5, y: 0.5, z: 10 }], 21);
  expect(grid[10 * 21 + 10]).toBeGreaterThan(8);
  expect(grid[0]).toBeLessThan(2);
  for (const value of grid) expect(value >= 0 && value <= 10).toBe(true);
});

test("contours rise towards a peak, and close", () => {
  const levels = contourLevels([...corners, { x: 0.5, y: 0.5, z: 10 }], 5, 31);
  expect(levels.map(({ from }) => from)).toEqual([...levels.map(({ from }) => from)].sort((a, b) => a - b));
  const top = levels[levels.length - 1];
  expect(top?.rings.length).toBe(1);
  for (const [x, y] of top?.rings[0] ?? []) expect(Math.hypot(x - 0.5, y - 0.5)).toBeLessThan(0.35);
  expect(top?.rings[0]?.[0]).toEqual(top?.rings[0]?.[top.rings[0].length - 1]);
});

test("too little to draw is nothing to draw", () => {
  expect(contourLevels(corners.slice(0, 2))).toEqual([]);
  expect(contourLevels(corners)).toEqual([]);
});
