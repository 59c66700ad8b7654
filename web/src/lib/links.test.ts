import { expect, test } from "vitest";
import { placeOf } from "./links";

const run = "a".repeat(32);

test.each([
  // 1.x
  ["/experiments/3/s", {}, "/experiments/3", {}],
  ["/experiments/3/s", { searchInput: "metrics.rmse < 1", orderByKey: "metrics.`rmse`", orderByAsc: true, startTime: "ALL" }, "/experiments/3", { filter: "metrics.rmse < 1", sort: "metric:rmse" }],
  [`/experiments/3/runs/${run}/artifactPath/model/MLmodel`, {}, `/experiments/3/runs/${run}/artifacts/model/MLmodel`, {}],
  ["/compare-experiments/s", { experiments: ["1", "2"], orderByAsc: false }, "/experiments/1,2", {}],
  ["/metric/val%2Floss", { runs: [run, "b"], experiment: 0 }, "/compare-runs", { runs: [run, "b"], shape: "charts", metric: "val/loss" }],
  ["/compare-model-versions", { name: "net", runs: { [run]: "1", b: "3" } }, "/models/net/compare", { versions: ["1", "3"] }],
  ["/models/net/2", {}, "/models/net/versions/2", {}],
  ["/models/my%20net/details", {}, "/models/my%20net", {}],
  // 2.x
  ["/experiments/3", { searchFilter: "params.lr = '1'", lifecycleFilter: "Deleted", compareRunsMode: "CHART" }, "/experiments/3", { filter: "params.lr = '1'", deleted: true, mode: "charts" }],
  ["/experiments/3", { orderByKey: "attributes.start_time", orderByAsc: false }, "/experiments/3", {}],
  ["/metric", { runs: [run], metric: "loss", experiments: ["1"], plot_metric_keys: ["acc"] }, "/compare-runs", { runs: [run], shape: "charts", metric: "acc" }],
  // 3.x
  ["/experiments/3/evaluation-runs", { selectedRunUuid: run }, `/experiments/3/runs/${run}/`, {}],
  [`/experiments/3/evaluation-runs/${run}/traces`, {}, `/experiments/3/runs/${run}/`, {}],
  ["/experiments/3/models/m-12/artifacts/data%20x/a.txt", {}, "/experiments/3/models/m-12", { tab: "artifacts", path: "data x/a.txt" }],
  ["/experiments/3/models/m-12/traces", {}, "/experiments/3/models/m-12", {}],
  ["/experiments/3/prompts/hi", {}, "/prompts/hi", {}],
])("%s %j", (path, search, to, rest) => {
  expect(placeOf(path, search)).toEqual({ path: to, search: rest });
});

test.each([
  ["/experiments/3", { filter: "params.lr = '1'" }],
  [`/experiments/3/runs/${run}/artifacts/model`, {}],
  ["/models/net", {}],
  ["/models/net/versions/2", {}],
  ["/models/net/compare", { versions: ["1", "2"] }],
  ["/experiments/3/models/m-12", { tab: "artifacts" }],
  ["/compare-runs", { runs: [run] }],
])("%s is ours", (path, search) => {
  expect(placeOf(path, search)).toBeUndefined();
});
