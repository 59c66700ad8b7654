import { expect, test } from "vitest";
import { modelPlace } from "./modelPlace";

const ID = "0123456789abcdef0123456789abcdef";

test("sources lead to the files of a model", () => {
  expect(modelPlace(`models:/m-${ID}`, "")).toEqual({ owner: { kind: "model", id: `m-${ID}` }, folder: "" });
  expect(modelPlace("runs:/abc/a/model/", "")).toEqual({ owner: { kind: "run", id: "abc" }, folder: "a/model" });
  expect(modelPlace(`mlflow-artifacts:/3/models/m-${ID}/artifacts`, "abc")).toEqual({ owner: { kind: "model", id: `m-${ID}` }, folder: "" });
  expect(modelPlace("s3://bucket/3/abc/artifacts/model", "abc")).toEqual({ owner: { kind: "run", id: "abc" }, folder: "model" });
});

test("a source elsewhere is none", () => {
  expect(modelPlace("s3://bucket/model", "abc")).toBeUndefined();
  expect(modelPlace("dummy-source", "")).toBeUndefined();
});
