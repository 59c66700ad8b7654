import { expect, test } from "vitest";
import { datasetFacts } from "./dataset";

test("columns of a table, as stock clients log them", () => {
  const facts = datasetFacts({
    schema: '{"mlflow_colspec": [{"type": "long", "name": "age", "required": true}, {"type": "string", "name": "city", "required": false}]}',
    profile: '{"num_rows": 3, "num_elements": 6}',
    source: '{"uri": "s3://data/people.csv"}',
  });
  expect(facts.parts).toEqual([["Columns", [{ name: "age", type: "long", optional: false }, { name: "city", type: "string", optional: true }]]]);
  expect(facts.profile).toEqual([["rows", "3"], ["elements", "6"]]);
  expect(facts.source).toBe("s3://data/people.csv");
});

test("tensors have parts", () => {
  const features = JSON.stringify([{ type: "tensor", "tensor-spec": { dtype: "float32", shape: [-1, 28] } }]);
  expect(datasetFacts({ schema: JSON.stringify({ mlflow_tensorspec: { features, targets: null } }) }).parts).toEqual([["Features", [{ name: "–", type: "float32 [?, 28]", optional: false }]]]);
});

test("what is no JSON is shown as it is, or not at all", () => {
  expect(datasetFacts({ schema: "{", profile: "7", source: "somewhere" })).toEqual({ parts: [], profile: [], source: "somewhere" });
  expect(datasetFacts({ source: '{"tags": {"a": "b"}}' }).source).toBe('{\n  "tags": {\n    "a": "b"\n  }\n}');
});
