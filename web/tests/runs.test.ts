import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect, inject, test } from "vitest";
import { api, done, open, withBrowser } from "./browser";

withBrowser();
const demo = inject("demo");
const home = `/experiments/${demo.experiment}`;
const cells = (name: string) => `[role=row]:has-text("${name}")`;

interface Created {
  run: { info: { run_id: string } };
}

test("the table has a row for each run, and opens one", async () => {
  const page = await open(home);
  await page.getByTestId("run-count").getByText("12 runs").waitFor();
  expect(await page.locator("[data-run]").count()).toBe(12);
  await page.locator("[data-run] a").first().click();
  await page.getByRole("heading", { name: "Params" }).waitFor();
  await done(page);
});

test("a filter is applied, stands in the address, and an error in it is told beside it", async () => {
  const page = await open(home);
  const filter = page.getByRole("combobox", { name: "Filter runs" });
  await filter.fill('params.optimizer = "sgd"');
  await filter.press("Enter");
  await page.waitForFunction(() => [...document.querySelectorAll("[data-run] a")].every((link) => link.textContent?.startsWith("sgd")));
  expect(page.url()).toContain("filter=");
  await page.reload();
  await page.waitForFunction(() => document.querySelectorAll("[data-run]").length > 0);
  expect(await filter.inputValue()).toBe('params.optimizer = "sgd"');
  await filter.fill("metrics.loss <");
  await filter.press("Enter");
  await page.getByRole("alert").getByText("Invalid clause").waitFor();
  expect(await page.locator("[data-run]").count()).toBeGreaterThan(0);
  await done(page, /400/);
});

test("the filter completes keys that runs have", async () => {
  const page = await open(home);
  await page.locator("[data-run]").first().waitFor();
  const filter = page.getByRole("combobox", { name: "Filter runs" });
  await filter.pressSequentially("metrics.val");
  await page.getByRole("option", { name: "`val/accuracy`" }).waitFor();
  await filter.press("ArrowDown");
  await filter.press("Enter");
  expect(await filter.inputValue()).toContain("metrics.`val/");
  await done(page);
});

test("a press on a head sorts, by what the server says", async () => {
  const page = await open(home);
  const head = page.getByRole("columnheader", { name: "val/loss" });
  await head.getByRole("button", { name: "val/loss", exact: true }).click();
  await page.locator("[aria-sort=descending]").waitFor();
  const found = await api<{ runs: { info: { run_id: string } }[] }>("runs/search", { experiment_ids: [demo.experiment], order_by: ["metrics.`val/loss` DESC"], max_results: 1 });
  await page.waitForFunction((id) => document.querySelector("[data-run]")?.getAttribute("data-run") === id, found.runs[0]?.info.run_id);
  await done(page);
});

test("columns are chosen, and remembered", async () => {
  const page = await open(home);
  await page.locator("[data-run]").first().waitFor();
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByPlaceholder("Search columns").fill("scheduler");
  await page.getByRole("checkbox", { name: "scheduler" }).check();
  await page.keyboard.press("Escape");
  const head = page.getByRole("columnheader", { name: "scheduler" });
  await page.locator(".grid-box").evaluate((box) => box.scrollTo({ left: box.scrollWidth }));
  await head.waitFor();
  await page.goto(`${inject("url")}/#/experiments`);
  await page.getByRole("heading", { name: "Experiments" }).waitFor();
  await page.goto(`${inject("url")}/#${home}`);
  await page.locator("[data-run]").first().waitFor();
  await page.locator(".grid-box").evaluate((box) => box.scrollTo({ left: box.scrollWidth }));
  await head.waitFor();
  await done(page);
});

test("lowest and highest values are columns, to sort by as well", async () => {
  const page = await open(home);
  await page.locator("[data-run]").first().waitFor();
  // By keys alone.
  await page.getByRole("button", { name: "Actions for column val/loss" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "Show lowest" }).press("Enter");
  const head = page.getByRole("columnheader", { name: "min val/loss" });
  await head.locator(".head-label").click();
  await page.locator("[aria-sort=ascending]").waitFor();
  const { ranges } = await fetch(`${inject("url")}/ajax-api/2.0/oxflow/metrics/ranges?metric_keys=val/loss&${demo.runs.map((id) => `run_ids=${id}`).join("&")}`).then((answer) => answer.json() as Promise<{ ranges: { run_id: string; min: number }[] }>);
  const best = ranges.sort((a, b) => a.min - b.min)[0];
  await page.waitForFunction((id) => document.querySelector("[data-run]")?.getAttribute("data-run") === id, best?.run_id);
  await page.locator(`[data-run="${best?.run_id}"] [title="${best?.min}"]`).waitFor();
  expect(page.url()).toContain("min%3Aval");
  await done(page);
});

test("selected runs are tagged, downloaded, compared, deleted and restored", async () => {
  const { experiment_id: id } = await api<{ experiment_id: string }>("experiments/create", { name: "to be changed" });
  for (const name of ["first", "second", "third"]) {
    const { run } = await api<Created>("runs/create", { experiment_id: id, run_name: name, start_time: Date.now() });
    await api("runs/log-parameter", { run_id: run.info.run_id, key: "name", value: `${name}, quoted` });
  }
  const page = await open(`/experiments/${id}`);
  await page.getByRole("checkbox", { name: "Select first" }).click();
  await page.getByRole("checkbox", { name: "Select third" }).click({ modifiers: ["Shift"] });
  const bar = page.getByRole("toolbar", { name: "Selected runs" });
  await bar.getByText("3 runs selected").waitFor();
  await bar.getByRole("button", { name: "Tag" }).click();
  await page.getByRole("textbox", { name: "Key" }).fill("stage");
  await page.getByRole("textbox", { name: "Value" }).fill("done");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("3 runs tagged").waitFor();
  const tagged = await api<{ runs: unknown[] }>("runs/search", { experiment_ids: [id], filter: "tags.stage = 'done'" });
  expect(tagged.runs.length).toBe(3);

  await bar.getByRole("button", { name: "Download" }).click();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "CSV" }).click()]);
  const csv = readFileSync(await file.path(), "utf8");
  expect(csv).toContain('"second, quoted"');
  expect(csv.trim().split("\n").length).toBe(4);

  await bar.getByRole("button", { name: "Compare" }).click();
  await page.getByRole("heading", { name: "Compare 3 runs" }).waitFor();
  await page.goBack();
  await page.getByRole("checkbox", { name: "Select second" }).click();
  await bar.getByRole("button", { name: "Delete" }).click();
  await page.waitForFunction(() => document.querySelectorAll("[data-run]").length === 2);

  await page.getByRole("button", { name: "Arrange" }).click();
  await page.getByRole("checkbox", { name: "Deleted runs" }).check();
  await page.keyboard.press("Escape");
  await page.locator(cells("second")).waitFor();
  await page.getByRole("checkbox", { name: "Select second" }).click();
  await bar.getByRole("button", { name: "Restore" }).click();
  await page.getByText("No run fits").waitFor();
  await page.getByRole("button", { name: "Show active runs" }).click();
  await page.waitForFunction(() => document.querySelectorAll("[data-run]").length === 3);
  await done(page);
});

test("runs, values and states appear while they are logged, and not while paused", async () => {
  const { experiment_id: id } = await api<{ experiment_id: string }>("experiments/create", { name: "live" });
  const { run } = await api<Created>("runs/create", { experiment_id: id, run_name: "watched", start_time: Date.now() });
  const runId = run.info.run_id;
  await api("runs/log-metric", { run_id: runId, key: "score", value: 1.25, timestamp: Date.now(), step: 0 });
  const page = await open(`/experiments/${id}`);
  await page.locator(cells("1.250")).waitFor();
  await page.getByRole("checkbox", { name: "Select watched" }).click();
  await api("runs/log-metric", { run_id: runId, key: "score", value: 7.5, timestamp: Date.now(), step: 1 });
  await page.locator(cells("7.500")).waitFor();
  await api<Created>("runs/create", { experiment_id: id, run_name: "newcomer", start_time: Date.now() });
  await page.locator(cells("newcomer")).waitFor();
  await api("runs/update", { run_id: runId, status: "FINISHED", end_time: Date.now() });
  await page.locator(cells("watched")).getByRole("img", { name: "Finished" }).waitFor();
  expect(await page.getByRole("checkbox", { name: "Select watched" }).isChecked()).toBe(true);

  await page.getByRole("button", { name: "Pause live updates (P)" }).click();
  await page.getByTestId("live").getByText("Paused").waitFor();
  await api<Created>("runs/create", { experiment_id: id, run_name: "unseen", start_time: Date.now() });
  // Nothing to wait for: what would be wrong appears within a second when it is.
  await page.waitForTimeout(1200);
  expect(await page.locator(cells("unseen")).count()).toBe(0);
  await page.getByRole("button", { name: "Resume live updates (P)" }).click();
  await page.locator(cells("unseen")).waitFor();
  await done(page);
});

test("runs are grouped with mean and deviation, and nested below their parents", async () => {
  const page = await open(`${home}?groupBy=["param:optimizer"]`);
  await page.locator(".grid-line.group").first().waitFor();
  expect(await page.locator(".grid-line.group").count()).toBe(3);
  await page.locator(".grid-line.group").first().getByText(/ ± /).first().waitFor();
  await page.locator(".grid-line.group button").first().click();
  await page.locator("[data-run]").first().waitFor();
  await done(page);

  const found = await api<{ experiment: { experiment_id: string } }>("experiments/get-by-name?experiment_name=nlp/summarize");
  const tree = await open(`/experiments/${found.experiment.experiment_id}?nested=true`);
  const fold = tree.getByRole("button", { name: "Children of study-3" });
  await fold.waitFor();
  await tree.locator(cells("trial-3.0")).waitFor();
  await fold.click();
  await tree.locator(cells("trial-3.0")).waitFor({ state: "detached" });
  await done(tree);
});

test("groups, trees and orders that the server lacks are made of all runs, however many were scrolled to", async () => {
  const COUNT = 230;
  const { experiment_id: id } = await api<{ experiment_id: string }>("experiments/create", { name: `many ${Date.now()}` });
  const create = async (at: number, parent = "") => {
    const tags = parent ? [{ key: "mlflow.parentRunId", value: parent }] : [];
    const { run } = await api<{ run: { info: { run_id: string } } }>("runs/create", { experiment_id: id, run_name: `run-${at}`, start_time: 1000 + at, tags });
    const points = [100 + at, -at, 1].map((value, step) => ({ key: "loss", value, step, timestamp: step }));
    await api("runs/log-batch", { run_id: run.info.run_id, metrics: points, params: [{ key: "kind", value: at % 2 ? "odd" : "even" }] });
    return run.info.run_id;
  };
  const oldest = await create(0);
  for (let at = 1; at < COUNT; at += 23) {
    const numbers = Array.from({ length: Math.min(23, COUNT - at) }, (_, more) => at + more);
    await Promise.all(numbers.map((number) => create(number, number === COUNT - 1 ? oldest : "")));
  }
  const all = (page: Page) => page.getByTestId("run-count").getByText(`${COUNT} runs`, { exact: true }).waitFor();

  const page = await open(`/experiments/${id}?groupBy=["param:kind"]&columns=["metric:loss","min:loss"]`);
  await all(page);
  const groups = page.locator(".grid-line.group");
  expect(await groups.locator(".badge").allTextContents()).toEqual(["115", "115"]);
  await groups.filter({ hasText: "even" }).getByText("−114 ± 67").waitFor();
  await done(page);

  const tree = await open(`/experiments/${id}?nested=true`);
  await all(tree);
  await tree.locator(".grid-box").evaluate((box) => (box.scrollTop = box.scrollHeight));
  await tree.getByRole("button", { name: "Children of run-0" }).waitFor();
  await tree.locator(cells(`run-${COUNT - 1}`)).waitFor();
  // Of a run that was never scrolled to, everything is fetched when charts show it.
  await tree.getByRole("button", { name: "Show run-0 in charts" }).click();
  await tree.getByRole("button", { name: "Charts", exact: true }).click();
  await tree.locator('[data-metric="loss"]').getByRole("img", { name: "loss: 11 curves" }).waitFor();
  await done(tree);

  const lowest = await open(`/experiments/${id}?sort=min:loss&columns=["min:loss"]`);
  await all(lowest);
  const LONG = { timeout: 60_000 };
  const first = () => lowest.locator("[data-run] .cell-link").first().textContent();
  await expect.poll(first, LONG).toBe(`run-${COUNT - 1}`);

  // Nor has the server an order by how long runs took, or by their data.
  await api("runs/update", { run_id: oldest, status: "FINISHED", end_time: 1005 });
  await api("runs/log-inputs", { run_id: oldest, datasets: [{ dataset: { name: "iris", digest: "1", source_type: "local", source: "{}" } }] });
  for (const [sort, wanted] of [["attribute:duration", "run-0"], ["-attribute:duration", "run-1"], ["attribute:dataset", "run-0"]]) {
    await lowest.goto(`${lowest.url().split("?")[0]}?sort=${sort}&columns=["attribute:duration","attribute:dataset"]`);
    await expect.poll(first, LONG).toBe(wanted);
  }
  await all(lowest);
  await lowest.getByRole("columnheader", { name: "Duration" }).locator(".head-label").click();
  await lowest.locator("[aria-sort=descending]").waitFor();
  await expect.poll(first, LONG).toBe("run-1");
  await done(lowest);
});

test("a view is saved on the server, opened by others, and made the default", async () => {
  const page = await open(`${home}?sort=metric:val/loss&mode=table`);
  await page.locator("[aria-sort=ascending]").waitFor();
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("button", { name: "Save as a new view" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("best first");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "best first" }).click();
  await page.getByRole("button", { name: "Make the default of this experiment" }).click();
  await page.getByText("best first is what everybody sees first").waitFor();
  await done(page);
  const stranger = await open(home);
  await stranger.locator("[aria-sort=ascending]").waitFor();
  await stranger.getByRole("button", { name: "Views" }).click();
  await stranger.getByRole("button", { name: "Delete best first" }).click();
  await stranger.getByText("best first deleted").waitFor();
  await done(stranger);
});
