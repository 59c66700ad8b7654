import { expect, test } from "vitest";
import { toRow } from "./columns";
import { type ComparedVersion, versionSections } from "./compareVersions";

const version = (number: string, extra: object = {}): ComparedVersion["version"] => ({ name: "net", version: number, source: "runs:/a/model", current_stage: "None", ...extra });
const row = (loss: number) =>
  toRow({ info: { run_id: `r${loss}`, experiment_id: "1", status: "FINISHED", lifecycle_stage: "active" }, data: { metrics: [{ key: "loss", value: loss, timestamp: 1 }], params: [{ key: "seed", value: "1" }] } });

const items: ComparedVersion[] = [
  { version: version("1", { tags: [{ key: "checked", value: "yes" }, { key: "mlflow.x", value: "1" }] }), aliases: ["champion"], row: row(0.5), file: { flavors: [], facts: [], inputs: [{ name: "x", type: "double", optional: true }] } },
  { version: version("2"), aliases: [], row: row(0.25) },
];

test("versions are compared by what they are, and by their runs", () => {
  const lines = Object.fromEntries(versionSections(items, true).flatMap((section) => section.lines.map((line) => [line.label, line.texts])));
  expect(lines).toEqual({ Aliases: ["@champion", ""], checked: ["yes", ""], Inputs: ["x: double (optional)", ""], loss: ["0.5", "0.25"] });
});

test("all that is known is shown when it does not need to differ, and the better value stands out", () => {
  const sections = versionSections(items, false);
  expect(sections.map(({ name }) => name)).toEqual(["Version", "Tags", "Model", "Metrics of the run", "Params of the run"]);
  expect(sections[3]?.lines[0]).toMatchObject({ label: "loss", best: [1], deltas: [0, -0.25] });
});

test("a version whose run is gone has empty cells", () => {
  const [, gone] = [items[0], { ...items[1], row: undefined } as ComparedVersion];
  const sections = versionSections([items[0] as ComparedVersion, gone], true);
  expect(sections.find(({ name }) => name === "Metrics of the run")?.lines[0]?.texts).toEqual(["0.5", ""]);
});
