import { expect, test } from "vitest";
import type { Run } from "../api/types";
import { axisKind, sweepAxes } from "./axes";
import { assignColors, colorOf, PALETTE } from "./color";
import { type Row, cellValue, column, columnsOf, defaultColumns, isOrderedHere, orderKey, sortedHere, toRow } from "./columns";
import { AGAIN_MS, keepRange, knowledge } from "./ranges";
import { bestOf, compareSections } from "./compare";
import { align, alignAbout, alongOf, curvesOf, sectionOf, valueAt } from "./curves";
import { folderLines } from "./folders";
import { arrange, groupCell } from "./lines";
import { insideRange, smooth } from "./smooth";
import { summarize } from "./stats";
import { PARENT, asTree } from "./tree";
import { DEFAULTS, pack, unpack } from "./viewState";

function row(id: string, data: { metrics?: Record<string, number | string>; params?: Record<string, string>; tags?: Record<string, string> } = {}): Row {
  const pairs = (map: Record<string, string> = {}) => Object.entries(map).map(([key, value]) => ({ key, value }));
  const run: Run = {
    info: { run_id: id, run_name: id, experiment_id: "1", status: "FINISHED", start_time: 1000, end_time: 4000, lifecycle_stage: "active" },
    data: {
      metrics: Object.entries(data.metrics ?? {}).map(([key, value]) => ({ key, value, timestamp: 0 })),
      params: pairs(data.params),
      tags: pairs(data.tags),
    },
  };
  return toRow(run);
}

test("a cell holds what was logged, or what follows from it", () => {
  const one = row("a", { metrics: { loss: "NaN" }, params: { lr: "0.1" }, tags: { "mlflow.user": "ana" } });
  expect(cellValue(one, column("metric:loss"))).toBeNaN();
  expect(cellValue(one, column("attribute:duration"))).toBe(3000);
  expect(cellValue(one, column("attribute:user"))).toBe("ana");
  expect(cellValue(one, column("param:none"))).toBeUndefined();
});

test("orders that the server lacks are made here: runs that go on have lasted until now, and nothing comes last", () => {
  const lasting = (id: string, start: number, end?: number): Row => ({ ...row(id), run: { info: { run_id: id, experiment_id: "1", status: end ? "FINISHED" : "RUNNING", start_time: start, end_time: end, lifecycle_stage: "active" } } });
  const rows = [lasting("long", 1, 90), lasting("short", 1, 5), lasting("going", 40)];
  const order = (sort: string, some = rows) => sortedHere(some, sort, 60).map(({ id }) => id);
  expect(order("attribute:duration")).toEqual(["short", "going", "long"]);
  expect(order("-attribute:duration")).toEqual(["long", "going", "short"]);
  const using = (id: string, ...names: string[]): Row => ({ ...row(id), run: { ...row(id).run, inputs: { dataset_inputs: names.map((name) => ({ dataset: { name, digest: "" } })) } } });
  const data = [using("none"), using("ten", "v10"), using("two", "v2")];
  expect(order("attribute:dataset", data)).toEqual(["two", "ten", "none"]);
  expect(order("-attribute:dataset", data)).toEqual(["ten", "two", "none"]);
  expect(["attribute:duration", "min:loss", "attribute:user", "metric:duration"].map((id) => isOrderedHere(column(id)))).toEqual([true, true, false, false]);
});

test("keys are ordered by as the server spells them", () => {
  expect(orderKey(column("metric:val/loss"))).toBe("metrics.`val/loss`");
  expect(orderKey(column("attribute:start_time"))).toBe("attributes.start_time");
  expect(orderKey(column("attribute:duration"))).toBeUndefined();
});

test("columns are those of all rows, whether they come at once or one after the other", () => {
  const rows = [row("a", { metrics: { loss: 1 } }), row("b", { metrics: { score: 1 }, params: { lr: "1" } }), row("c", { params: { lr: "2" } })];
  const ids = (some: Row[]) => columnsOf(some).filter(({ kind }) => kind !== "attribute").map(({ id }) => id);
  expect(ids(rows.slice(0, 1))).toEqual(["metric:loss"]);
  expect(ids(rows)).toEqual(["metric:loss", "metric:score", "param:lr"]);
  expect(ids(rows.slice(1))).toEqual(["metric:score", "param:lr"]);
  expect(ids([...rows.slice(0, 1), row("d", { tags: { stage: "x" } })])).toEqual(["metric:loss", "tag:stage"]);
});

test("lowest and highest values take in the last one, and are asked for again only after a while", () => {
  const one = row("ranged", { metrics: { loss: 0.25 } });
  expect(cellValue(one, column("min:loss"))).toBeUndefined();
  keepRange("ranged", "loss", "5 1000", { min: 0.5, max: 2 });
  expect(cellValue(one, column("min:loss"))).toBe(0.25);
  expect(cellValue(one, column("max:loss"))).toBe(2);
  const now = Date.now();
  expect(knowledge("ranged", "loss", "5 1000", now + 1e6)).toBe("known");
  expect(knowledge("ranged", "loss", "6 1001", now)).toBe("for now");
  expect(knowledge("ranged", "loss", "6 1001", now + AGAIN_MS + 1)).toBe("none");
  expect(sortedHere([row("other", {}), one], "-max:loss", 0).map(({ id }) => id)).toEqual(["ranged", "other"]);
  expect(column("min:val/loss").label).toBe("min val/loss");
});

test("a first look shows what differs, and metrics that most runs have", () => {
  const rows = [row("a", { metrics: { rare: 1, loss: 1 }, params: { lr: "1", same: "x" } }), row("b", { metrics: { loss: 2 }, params: { lr: "2", same: "x" } })];
  const shown = defaultColumns(columnsOf(rows), rows);
  expect(shown).not.toContain("param:same");
  expect(shown.indexOf("metric:loss")).toBeLessThan(shown.indexOf("metric:rare"));
  expect(sweepAxes(columnsOf(rows), rows)).toEqual(["param:lr", "metric:loss"]);
});

test("children stand below parents that are there, and circles end", () => {
  const rows = [row("p"), row("c", { tags: { [PARENT]: "p" } }), row("orphan", { tags: { [PARENT]: "gone" } }), row("self", { tags: { [PARENT]: "self" } })];
  expect(asTree(rows, new Set()).map(({ row: { id }, depth }) => `${id}${depth}`)).toEqual(["p0", "c1", "orphan0", "self0"]);
  expect(asTree(rows, new Set(["p"])).map(({ row: { id } }) => id)).toEqual(["p", "orphan", "self"]);
});

test("groups have a mean and a deviation", () => {
  const rows = [row("a", { metrics: { m: 1 }, params: { k: "x", s: "1" } }), row("b", { metrics: { m: 3 }, params: { k: "x", s: "2" } }), row("c", { params: { k: "y" } })];
  const lines = arrange(rows, { nested: false, groupBy: [column("param:k")], folded: new Set() });
  expect(lines.map((line) => line.kind === "group" && `${line.label} ${line.rows.length}`)).toEqual(["k: x 2", "k: y 1"]);
  expect(groupCell(rows, column("metric:m")).text).toBe("2 ± 1.4");
  expect(groupCell(rows.slice(0, 2), column("param:k")).text).toBe("x");
  expect(groupCell([row("d")], column("metric:m")).text).toBe("");
});

test("summaries leave out what is no number", () => {
  expect(summarize([1, NaN, 3])).toMatchObject({ count: 2, mean: 2, min: 1, max: 3 });
  expect(summarize([NaN])).toBeUndefined();
});

test("colours are steady, and differ among runs that are shown together", () => {
  expect(colorOf("abc")).toBe(colorOf("abc"));
  const ids = Array.from({ length: PALETTE.length }, (_, at) => `run ${at}`);
  expect(new Set(assignColors(ids).values()).size).toBe(PALETTE.length);
  expect(assignColors(["a"], { a: "#123456" }).get("a")).toBe("#123456");
});

test("the best value is known for metrics whose name says which end is good", () => {
  expect(bestOf("val/loss", [2, 1, undefined])).toEqual([1]);
  expect(bestOf("accuracy", [0.5, 0.7, 0.7])).toEqual([1, 2]);
  expect(bestOf("temperature", [1, 2])).toEqual([]);
  const rows = [row("a", { params: { lr: "1", same: "x" } }), row("b", { params: { lr: "2", same: "x" } })];
  const params = (differing: boolean) => compareSections(rows, columnsOf(rows), differing).find(({ name }) => name === "Params")?.lines.map(({ label }) => label);
  expect(params(true)).toEqual(["lr"]);
  expect(params(false)).toEqual(["lr", "same"]);
});

test("curves are put on one axis, with gaps where a value is none", () => {
  const points = [
    { run_id: "a", steps: [0, 2], values: [1, "NaN"], timestamps: [5, 6] },
    { run_id: "b", steps: [1], values: [4], timestamps: [7] },
  ];
  const curves = curvesOf(points, "step", new Map());
  expect(align(curves)).toEqual([[0, 1, 2], [1, undefined, null], [undefined, 4, undefined]]);
  expect(alignAbout(curves, 3)).toEqual(align(curves));
  expect(alignAbout(curves, 2)).toEqual([[0, 2], [1, null], [undefined, undefined]]);
  const late = { runId: "c", xs: [1, 3, 5], ys: [1, 3, 5] };
  expect(alignAbout([...curves, late], 3)).toEqual([[0, 2, 5], [1, null, undefined], [undefined, undefined, undefined], [undefined, 1, 5]]);
  expect(curvesOf([{ run_id: "a", steps: [0, 1], values: [1, 2], timestamps: [9, 5] }], "time", new Map())[0]?.ys).toEqual([2, 1]);
  expect(curvesOf(points, "relative", new Map([["a", 1]]))[0]?.xs).toEqual([0.004, 0.005]);
  const along = alongOf([{ run_id: "a", steps: [0, 1, 2], values: [10, "NaN", 30] }]);
  expect(curvesOf(points, "metric", new Map(), along)).toEqual([{ runId: "a", xs: [10, 30], ys: [1, NaN] }, { runId: "b", xs: [], ys: [] }]);
  const falling = alongOf([{ run_id: "a", steps: [0, 4], values: [5, 1] }]);
  expect(curvesOf([{ run_id: "a", steps: [1, 2, 9], values: [7, 8, 9] }], "metric", new Map(), falling)[0]).toEqual({ runId: "a", xs: [3, 4], ys: [8, 7] });
  expect(valueAt({ xs: [0, 2], ys: [5, 6] }, 1.5)).toBe(5);
  expect(valueAt({ xs: [1], ys: [5] }, 0)).toBeUndefined();
  expect([sectionOf("a/b/c"), sectionOf("loss")]).toEqual(["a/b", ""]);
});

test("smoothing starts at the first value and keeps gaps", () => {
  expect(smooth([2, 2, null, 2], 0.9)).toEqual([expect.closeTo(2), expect.closeTo(2), null, expect.closeTo(2)]);
  expect(smooth([1, 3], 0)).toEqual([1, 3]);
  const [low, high] = insideRange([...Array.from({ length: 98 }, (_, at) => at), -1e9, 1e9]) ?? [];
  expect(low).toBeGreaterThan(-2);
  expect(high).toBeLessThan(100);
});

test("slashes in names make folders", () => {
  const named = (name: string) => ({ experiment_id: name, name, artifact_location: "", lifecycle_stage: "active" as const });
  const lines = folderLines(["b/x", "a", "b/c/y"].map(named), new Set(["b/c/"]));
  expect(lines.map((line) => `${line.depth} ${line.name}`)).toEqual(["0 b", "1 c", "1 x", "0 a"]);
});

test("a state survives its address, and odd addresses do no harm", () => {
  const state = { ...DEFAULTS, filter: "metrics.a > 1", columns: ["metric:a"], smoothing: 0.4 };
  expect(Object.keys(pack(state))).toEqual(["filter", "columns", "smoothing"]);
  expect(unpack(JSON.parse(JSON.stringify(pack(state))))).toEqual(state);
  expect(unpack({ mode: "nonsense", columns: [1], smoothing: 7, widths: [], chartColumns: -3 })).toEqual({ ...DEFAULTS, smoothing: 0.99, chartColumns: 1 });
  expect(unpack("x")).toEqual(DEFAULTS);
});

test("values of an axis stand side by side, by size, or by their order of magnitude", () => {
  expect(axisKind(["sgd", "adam"])).toBe("category");
  expect(axisKind(["64", "128", "256"])).toBe("category");
  expect(axisKind(["64", "128", "256"], true)).toBe("value");
  expect(axisKind(["1", "2", "3", "4", "5", "6", "7"])).toBe("value");
  expect(axisKind(["0.001", "0.002", "0.01", "0.02", "0.1", "0.2", "0.3"])).toBe("log");
  expect(axisKind(["0", "0.002", "0.01", "0.02", "0.1", "0.2", "0.3"])).toBe("value");
});
