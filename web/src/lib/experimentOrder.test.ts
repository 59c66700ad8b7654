import { expect, test } from "vitest";
import type { Activity, Experiment } from "../api/types";
import { inOrder } from "./experimentOrder";

const made = (name: string, created: number): Experiment => ({ experiment_id: name, name, artifact_location: "", lifecycle_stage: "active", creation_time: created, last_update_time: created });
const list = [made("b", 30), made("a", 20), made("c", 10)];
const activity = new Map<string, Activity>([["c", { experiment_id: "c", runs: 5, running: 0, last_run_time: 99 }]]);

test("experiments are listed by what happens in them, or by what they are", () => {
  const names = (order: Parameters<typeof inOrder>[1]) => inOrder(list, order, activity).map(({ name }) => name).join("");
  expect(names("activity")).toBe("cba");
  expect(names("runs")).toBe("cab");
  expect(names("name")).toBe("abc");
  expect(names("created")).toBe("bac");
  expect(list.map(({ name }) => name).join("")).toBe("bac");
});
