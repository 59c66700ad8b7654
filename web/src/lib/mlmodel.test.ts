import { expect, test } from "vitest";
import { modelFileOf } from "./mlmodel";

const FILE = `artifact_path: model
flavors:
  python_function:
    loader_module: mlflow.sklearn
    python_version: 3.11.2
  sklearn:
    sklearn_version: 1.8.0
mlflow_version: 3.17.2
run_id: abc
signature:
  inputs: '[{"type": "long", "name": "width", "required": true}, {"type": "array", "items": {"type": "string"}, "name": "tags", "required": false}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 3]}}]'
  params: null
utc_time_created: '2026-11-20 10:00:00.123456'
`;

test("signatures and flavours are read", () => {
  const file = modelFileOf(FILE);
  expect(file?.flavors).toEqual([{ name: "python_function", version: "3.11.2" }, { name: "sklearn", version: "1.8.0" }]);
  expect(file?.inputs).toEqual([{ name: "width", type: "long", optional: false }, { name: "tags", type: "array of string", optional: true }]);
  expect(file?.outputs).toEqual([{ name: "–", type: "float64 [?, 3]", optional: false }]);
  expect(file?.params).toBeUndefined();
  expect(file?.facts).toContainEqual(["Created", "2026-11-20 10:00:00 UTC"]);
});

test("what is no model file is none, and what is odd in one is left out", () => {
  expect(modelFileOf(": : :")).toBeUndefined();
  expect(modelFileOf("just text")).toBeUndefined();
  expect(modelFileOf("signature:\n  inputs: 'no json'\nflavors: 3")).toMatchObject({ flavors: [], inputs: undefined });
});
