import { expect, test } from "vitest";
import { type Visit, withVisit } from "./recent";

test("the last pages come first, each once", () => {
  let known: Visit[] = [];
  for (const [path, title] of [["/experiments/1", "a · Oxflow"], ["/models/m", "m · Oxflow"], ["/experiments/1", "a · Oxflow"]] as const) known = withVisit(known, path, title);
  expect(known).toEqual([{ path: "/experiments/1", name: "a" }, { path: "/models/m", name: "m" }]);
});

test("lists and pages without a name are left out, and old ones forgotten", () => {
  expect(withVisit([], "/experiments", "Experiments · Oxflow")).toEqual([]);
  expect(withVisit([], "/experiments/1", "Oxflow")).toEqual([]);
  let known: Visit[] = [];
  for (let at = 0; at < 20; at++) known = withVisit(known, `/models/${at}`, `m${at} · Oxflow`);
  expect(known.length).toBe(7);
});
