import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect, inject, test } from "vitest";
import { api, axe, done, open, withBrowser } from "./browser";

withBrowser();
const demo = inject("demo");
const home = `/experiments/${demo.experiment}`;

interface RunAnswer {
  run: { info: { run_id: string; run_name: string; lifecycle_stage: string } };
}

const runOf = async (id: string) => (await api<RunAnswer>(`runs/get?run_id=${id}`)).run;

/** An experiment of its own with some runs, for tests that change them. */
async function madeRuns(name: string, count: number): Promise<{ id: string; runs: string[] }> {
  const { experiment_id: id } = await api<{ experiment_id: string }>("experiments/create", { name });
  const runs: string[] = [];
  for (let at = 0; at < count; at++) {
    const { run } = await api<RunAnswer>("runs/create", { experiment_id: id, run_name: `made-${at}`, start_time: 1_700_000_000_000 + at });
    await api("runs/log-parameter", { run_id: run.info.run_id, key: "lr", value: `0.${at}` });
    runs.push(run.info.run_id);
  }
  return { id, runs };
}

const palette = (page: Page) => page.getByPlaceholder("Experiment, model, run by name or ID, command");

test("the palette finds runs by name, prompts and recent pages, and does things", async () => {
  const { run } = await api<RunAnswer>("runs/create", { experiment_id: demo.experiment, run_name: "zebra-crossing", start_time: 1_600_000_000_000 });
  const page = await open("/models/imagenet-classifier");
  await page.getByRole("heading", { name: "imagenet-classifier" }).waitFor();
  await page.waitForFunction(() => localStorage.getItem("oxflow.recent")?.includes("imagenet-classifier"));
  await page.goto(`${inject("url")}/#${home}`);
  await page.locator("[data-run]").first().waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("group", { name: "Recent" }).getByRole("option", { name: "imagenet-classifier" }).waitFor();
  expect(await axe(page)).toEqual([]);
  await palette(page).fill("zebra");
  await page.getByRole("group", { name: "Runs" }).getByRole("option", { name: /zebra-crossing/ }).click();
  await page.getByRole("heading", { name: "zebra-crossing" }).waitFor();
  await page.keyboard.press("Control+k");
  await palette(page).fill("summar");
  await page.getByRole("group", { name: "Prompts" }).getByRole("option", { name: "summarize" }).click();
  await page.getByRole("heading", { name: "Version 2" }).waitFor();
  await page.keyboard.press("Control+k");
  await palette(page).fill("light and dark");
  await page.keyboard.press("Enter");
  await page.locator('html[data-theme="dark"]').waitFor();
  await api("runs/delete", { run_id: run.info.run_id });
  await done(page);
});

test("zoom and folded sections stand in the address", async () => {
  const page = await open(`${home}?mode=charts`);
  const card = page.locator('[data-metric="train/loss"]');
  await card.locator("canvas").waitFor();
  const box = await card.locator(".u-over").boundingBox();
  if (!box) throw new Error("no chart");
  await page.mouse.move(box.x + box.width * 0.25, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.75, box.y + 40, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL(/zoom=/);
  await page.getByRole("button", { name: /^val/ }).click();
  await page.waitForURL(/closedSections=/);
  const refined = page.waitForRequest((request) => request.url().includes("start_step="));
  await page.reload();
  await refined;
  expect(await page.getByRole("button", { name: /^val/ }).getAttribute("aria-expanded")).toBe("false");
  // Steps mean nothing on an axis of times.
  await page.getByRole("button", { name: "Relative" }).click();
  await page.waitForURL((url) => !url.href.includes("zoom="));
  await done(page);
});

test("other experiments open as somebody likes it, but for what belongs to one experiment", async () => {
  const { id } = await madeRuns("like this", 2);
  const page = await open(`${home}?mode=charts&smoothing=0.5&chartColumns=2&filter=${encodeURIComponent("params.optimizer = 'sgd'")}`);
  await page.locator("canvas").first().waitFor();
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("button", { name: "Open other experiments like this" }).click();
  await page.goto(`${inject("url")}/#/experiments/${id}`);
  await page.getByRole("complementary", { name: "Runs in charts" }).getByText("made-1").waitFor();
  expect(page.url()).toContain("smoothing=0.5");
  expect(page.url()).not.toContain("filter=");
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("button", { name: "Open other experiments as usual" }).click();
  await page.goto(`${inject("url")}/#/experiments/2`);
  await page.getByRole("region", { name: "Runs" }).getByRole("table").waitFor();
  await done(page);
});

test("a dataset tells its columns, and finds the other runs that used it", async () => {
  const { id, runs } = await madeRuns("with data", 3);
  const schema = JSON.stringify({ mlflow_colspec: [{ type: "double", name: "height", required: true }] });
  const dataset = { name: "trees", digest: "abc123", source_type: "local", source: '{"uri": "/data/trees.csv"}', schema, profile: '{"num_rows": 1200}' };
  for (const run of runs.slice(0, 2)) await api("runs/log-inputs", { run_id: run, datasets: [{ dataset, tags: [{ key: "mlflow.data.context", value: "training" }] }] });
  const page = await open(`/experiments/${id}/runs/${runs[0] ?? ""}`);
  await page.getByRole("button", { name: "trees" }).click();
  await page.getByRole("list", { name: "Columns" }).getByText("height").waitFor();
  await page.getByText("/data/trees.csv").waitFor();
  await page.getByText("1200").waitFor();
  expect(await axe(page)).toEqual([]);
  await page.getByRole("link", { name: "Runs of this experiment with the same data" }).click();
  await page.getByTestId("run-count").getByText("2 runs").waitFor();
  await done(page);
});

test("plots are saved with their numbers, and as drawings", async () => {
  const page = await open(`${home}?mode=scatter`);
  const save = async (as: string) => {
    await page.getByRole("button", { name: "Save this plot" }).click();
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: `Save as ${as}` }).click()]);
    return readFileSync(await file.path());
  };
  await page.locator(".plot canvas").waitFor();
  const lines = (await save("CSV")).toString().trim().split("\n");
  expect(lines[0]).toMatch(/^run_name,run_id,lr,val\//);
  expect(lines.length).toBeGreaterThan(10);
  expect((await save("SVG")).toString()).toMatch(/^<svg[\s\S]*<text/);
  expect((await save("PNG")).subarray(1, 4).toString()).toBe("PNG");
  await page.keyboard.press("4");
  await page.getByRole("img", { name: /Parallel coordinates/ }).waitFor();
  expect((await save("CSV")).toString()).toContain("run_name,run_id,");
  await done(page);
});

test("runs are walked through by keys, renamed by a pattern, and brought back", async () => {
  const { id, runs } = await madeRuns("by keys", 3);
  const page = await open(`/experiments/${id}`);
  await page.locator("[data-run]").first().waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  const bar = page.getByRole("toolbar", { name: "Selected runs" });
  await bar.getByText("2 runs selected").waitFor();
  await bar.getByRole("button", { name: "Rename" }).click();
  await page.getByRole("textbox", { name: /^Name/ }).fill("{name} lr {params.lr}");
  await page.getByRole("dialog").getByRole("button", { name: "Rename" }).click();
  await page.getByRole("link", { name: "made-2 lr 0.2" }).waitFor();
  await page.getByRole("link", { name: "made-1 lr 0.1" }).waitFor();
  expect((await runOf(runs[0] ?? "")).info.run_name).toBe("made-0");
  await bar.getByRole("button", { name: "Delete" }).click();
  await page.getByTestId("run-count").getByText("1 run").waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByTestId("run-count").getByText("3 runs").waitFor();
  expect((await runOf(runs[2] ?? "")).info.lifecycle_stage).toBe("active");
  await page.keyboard.press("k");
  await page.keyboard.press("o");
  await page.getByRole("heading", { name: /^made-/ }).waitFor();
  await done(page);
});

test("how long a run goes on is counted by the second", async () => {
  const { experiment_id: id } = await api<{ experiment_id: string }>("experiments/create", { name: "counting" });
  await api("runs/create", { experiment_id: id, run_name: "going on", start_time: Date.now() });
  const page = await open(`/experiments/${id}`);
  const cell = page.locator("[data-run] .grid-cell.right").first();
  const first = await cell.innerText();
  await expect.poll(() => cell.innerText(), { timeout: 20_000 }).not.toBe(first);
  await done(page);
});
