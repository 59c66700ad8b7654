import { expect, test } from "vitest";
import { toRow } from "./columns";
import { renamed } from "./rename";

const row = toRow({
  info: { run_id: "r", run_name: "old", experiment_id: "1", status: "FINISHED", lifecycle_stage: "active" },
  data: { params: [{ key: "lr", value: "0.1" }], metrics: [{ key: "val/loss", value: 0.25, timestamp: 1 }], tags: [{ key: "stage", value: "fine" }] },
});

test("patterns are filled with what runs have", () => {
  expect(renamed("{name}-{n} lr={params.lr} {metrics.val/loss} {tags.stage}", row, 3)).toBe("old-3 lr=0.1 0.25 fine");
  expect(renamed("{param.lr} {params.none} {other}", row, 1)).toBe("0.1  {other}");
});
