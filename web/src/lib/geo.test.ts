import { expect, test } from "vitest";
import { mapOf } from "./geo";

const square = [[10, 0], [11, 0], [11, 1], [10, 1], [10, 0]];

test("features become shapes on one plane, north up", () => {
  const map = mapOf(JSON.stringify({
    type: "FeatureCollection",
    features: [
      { type: "Feature", properties: { kind: "field", size: 3 }, geometry: { type: "Polygon", coordinates: [square] } },
      { type: "Feature", properties: null, geometry: { type: "MultiPoint", coordinates: [[10, 1], [11, 0]] } },
      { type: "Feature", properties: {}, geometry: null },
    ],
  }));
  expect(map?.shapes.map(({ kind, group }) => `${kind} ${group}`)).toEqual(["area field", "point ", "point "]);
  expect(map?.shapes[0]?.properties).toEqual([["kind", "field"], ["size", "3"]]);
  expect(map?.shapes[1]?.at).toEqual([0, 0]);
  expect(map?.shapes[2]?.at?.[1]).toBeCloseTo(map?.height ?? 0);
  expect(map?.shapes[0]?.path).toMatch(/^M0\.00 \d+\.\d\dL.*Z$/);
  expect(map?.bounds).toEqual([10, 0, 11, 1]);
});

test("bare geometries and collections are maps too", () => {
  expect(mapOf('{"type": "Point", "coordinates": [1, 2, 300]}')?.shapes.length).toBe(1);
  const line = { type: "LineString", coordinates: [[0, 0], [5, 5]] };
  expect(mapOf(JSON.stringify({ type: "GeometryCollection", geometries: [line, line] }))?.shapes.length).toBe(2);
});

test("what is no map is none", () => {
  expect(mapOf('{"a": 1}')).toBeUndefined();
  expect(mapOf('{"type": "Polygon", "coordinates": "no"}')).toBeUndefined();
  expect(mapOf('{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": "LineString", "coordinates": [["x"]]}}]}')).toBeUndefined();
  expect(() => mapOf("{")).toThrow();
});
