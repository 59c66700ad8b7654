import { expect, test } from "vitest";
import { cellValue, column, sortedHere, toRow } from "./columns";
import { arrange, groupCell } from "./lines";
import { rowsOf, wantedOf, withWhole } from "./runTable";

const answer = {
  run_ids: ["a", "b", "c"],
  run_names: ["first", "", "third"],
  experiment_ids: ["1", "1", "1"],
  user_ids: ["", "", "ana"],
  statuses: ["FINISHED" as const, "RUNNING" as const, "FINISHED" as const],
  start_times: [1000, 2000, 3000],
  end_times: [4000, 0, 5000],
  metrics: [{ key: "loss", rows: [0, 2], values: [0.5, "NaN"] }],
  lowest: [{ key: "loss", rows: [0, 2], values: [0.1, -1] }],
  highest: [{ key: "loss", rows: [0, 2], values: [0.9, 2] }],
  params: [{ key: "lr", rows: [0, 1, 2], values: ["0.1", "0.2", "0.1"] }],
  tags: [{ key: "mlflow.parentRunId", rows: [2], values: ["a"] }],
  datasets: { rows: [1], values: ["iris"] },
};

test("rows look into the columns of an answer", () => {
  const rows = rowsOf(answer);
  const values = (id: string) => rows.map((row) => cellValue(row, column(id)));
  expect(rows.map(({ name }) => name)).toEqual(["first", "b", "third"]);
  expect(values("metric:loss")).toEqual([0.5, undefined, NaN]);
  expect(values("min:loss")).toEqual([0.1, undefined, -1]);
  expect(values("max:loss")).toEqual([0.9, undefined, 2]);
  expect(values("param:lr")).toEqual(["0.1", "0.2", "0.1"]);
  expect(values("attribute:duration")).toEqual([3000, undefined, 2000]);
  expect(values("attribute:dataset")).toEqual([undefined, "iris", undefined]);
  expect(values("attribute:user")).toEqual(["", "", "ana"]);
  expect([...(rows[0]?.metrics.keys() ?? [])]).toEqual(["loss"]);
  expect(rows[1]?.metrics.has("loss")).toBe(false);
  expect(sortedHere(rows, "-max:loss", 0).map(({ id }) => id)).toEqual(["c", "a", "b"]);
});

test("groups and trees are made of them", () => {
  const rows = rowsOf(answer);
  const [first, second] = arrange(rows, { nested: false, groupBy: [column("param:lr")], folded: new Set() });
  expect(first?.kind === "group" && [first.label, first.rows.length, groupCell(first.rows, column("min:loss")).text]).toEqual(["lr: 0.1", 2, "−0.4500 ± 0.78"]);
  expect(second?.kind).toBe("group");
  const tree = arrange(rows, { nested: true, groupBy: [], folded: new Set() });
  expect(tree.map((line) => line.kind === "run" && `${line.depth} ${line.row.id}`)).toEqual(["0 a", "1 c", "0 b"]);
});

test("what is asked for follows from the columns, each once, and not too many", () => {
  const columns = ["param:lr", "min:loss", "metric:loss", "attribute:user", "attribute:dataset", "tag:team", "param:lr"].map(column);
  const tags = ["mlflow.parentRunId", "mlflow.user", "team"];
  expect(wantedOf(columns, true, true)).toEqual({ metrics: ["loss"], ranges: ["loss"], params: ["lr"], tags, datasets: true });
  expect(wantedOf(columns, false, false).ranges).toEqual([]);
  const many = Array.from({ length: 200 }, (_, at) => column(`metric:m${at}`));
  expect(wantedOf(many, false, false).metrics).toHaveLength(90);
});

test("rows of which all is known take the place of others, and new ones stand above", () => {
  const run = (id: string) => toRow({ info: { run_id: id, experiment_id: "1", status: "RUNNING", lifecycle_stage: "active" } });
  const rows = withWhole([...rowsOf(answer), ...rowsOf({ run_ids: ["a"] })], [run("new"), run("b")]);
  expect(rows.map(({ id, partial }) => `${id} ${partial ?? false}`)).toEqual(["new false", "a true", "b false", "c true"]);
});
