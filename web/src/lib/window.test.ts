import { expect, test } from "vitest";
import { WHOLE, middle, panned, zoomed } from "./window";

const plane = { width: 100, height: 50 };

test("what is pointed at stays where it is while the map comes nearer", () => {
  const near = zoomed(WHOLE, plane, 4, [80, 10]);
  expect(near.zoom).toBe(4);
  // It was at 80 % and 20 % of the window, and still is.
  expect((80 - near.x) / (plane.width / near.zoom)).toBeCloseTo(0.8);
  expect((10 - near.y) / (plane.height / near.zoom)).toBeCloseTo(0.2);
  expect(zoomed(near, plane, 0.01, [80, 10])).toEqual(WHOLE);
  expect(zoomed(near, plane, 1e9, [80, 10]).zoom).toBe(64);
});

test("a window does not leave the plane", () => {
  const near = zoomed(WHOLE, plane, 2, [0, 0]);
  expect(panned(near, plane, -5, 10)).toEqual({ zoom: 2, x: 0, y: 10 });
  expect(panned(near, plane, 1000, 1000)).toEqual({ zoom: 2, x: 50, y: 25 });
  expect(middle(panned(near, plane, 1000, 1000), plane)).toEqual([75, 37.5]);
});
