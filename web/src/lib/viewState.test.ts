import { expect, test } from "vitest";
import { DEFAULTS, forEverywhere, packZoom, unpackZoom } from "./viewState";

test("a zoom stands in the address, and nonsense there is none", () => {
  expect(unpackZoom(packZoom({ min: 1795300307.125, max: 1795300999.5 }))).toEqual({ min: 1795300307.125, max: 1795300999.5 });
  expect(packZoom(undefined)).toBe("");
  for (const text of ["", "1", "2..1", "a..b"]) expect(unpackZoom(text)).toBeUndefined();
});

test("other experiments are opened with what means the same there", () => {
  const state = { ...DEFAULTS, mode: "charts" as const, smoothing: 0.6, filter: "metrics.x > 1", columns: ["metric:x"], widths: { name: 200, "metric:x": 90, "attribute:user": 80 }, sort: "-metric:x", zoom: "1..2", colors: { a: "#fff" } };
  expect(forEverywhere(state)).toEqual({ mode: "charts", smoothing: 0.6, widths: { name: 200, "attribute:user": 80 } });
  expect(forEverywhere({ ...DEFAULTS, xAxis: "metric", xMetric: "epoch" })).toEqual({});
  expect(forEverywhere({ ...DEFAULTS, sort: "attribute:run_name" })).toEqual({ sort: "attribute:run_name" });
});
