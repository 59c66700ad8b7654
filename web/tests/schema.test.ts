import { readFileSync } from "node:fs";
import { expect, inject, test } from "vitest";
import { typesOf } from "../scripts/types.mjs";

test("the types of the API are those of this server", async () => {
  const kept = readFileSync(new URL("../src/api/schema.ts", import.meta.url), "utf8");
  expect((await typesOf(inject("url"))) === kept, `src/api/schema.ts is stale: npm run types -- ${inject("url")}, or another server of this build`).toBe(true);
});
