import { readFileSync } from "node:fs";
import { expect, inject, test } from "vitest";
import { api, axe, done, open, withBrowser } from "./browser";

withBrowser();
const demo = inject("demo");
const home = `/experiments/${demo.experiment}`;
const last = demo.runs[demo.runs.length - 1] ?? "";

test("experiments are searched, created, renamed, deleted and restored", async () => {
  const page = await open("/experiments");
  const row = page.getByRole("listitem").filter({ hasText: "resnet-sweep" });
  await row.getByText("12", { exact: true }).waitFor();
  await row.locator(".running").getByText("1").waitFor();
  await page.getByRole("button", { name: "List", exact: true }).click();
  await page.getByRole("button", { name: "Runs", exact: true }).click();
  await page.waitForFunction(() => document.querySelector(".xlist-row")?.textContent?.includes("nlp/summarize"));
  await page.getByRole("button", { name: "Folders" }).click();
  await page.getByPlaceholder("Search names and tags").fill("wak");
  await page.getByRole("link", { name: "speech/wake-word" }).waitFor();
  expect(await page.locator(".xlist-row").count()).toBe(1);
  await page.getByPlaceholder("Search names and tags").fill("");
  await page.getByRole("button", { name: "New experiment" }).click();
  await page.getByRole("textbox", { name: /^Name/ }).fill("made/by hand");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.getByText("No runs yet").waitFor();
  await page.getByRole("button", { name: "Experiment actions" }).click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await page.getByRole("textbox", { name: /^Name/ }).fill("made/anew");
  await page.getByRole("button", { name: "Rename" }).click();
  await page.getByRole("heading", { name: "made/anew" }).waitFor();
  await page.getByRole("button", { name: "Experiment actions" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Deleted" }).click();
  await page.getByRole("button", { name: "Actions for made/anew" }).click();
  await page.getByRole("menuitem", { name: "Restore" }).click();
  await page.getByText("No experiment is deleted.").waitFor();
  await page.getByRole("button", { name: "Active", exact: true }).click();
  await page.getByRole("link", { name: "anew" }).waitFor();
  await done(page);
});

test("notes are written in markdown, which cannot act", async () => {
  const { experiment_id: id } = await api<{ experiment_id: string }>("experiments/create", { name: "with notes" });
  const page = await open(`/experiments/${id}/about`);
  await page.getByRole("button", { name: "Edit notes" }).click();
  await page.getByRole("textbox", { name: "Notes" }).fill("**bold** <img src=x onerror=alert(1)><script>alert(2)</script>");
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator(".markdown strong").getByText("bold").waitFor();
  expect(await page.locator(".markdown").innerHTML()).not.toMatch(/onerror|script/);
  // The browser tells of the handler when the sanitiser reads it, and takes it away.
  await done(page, /inline event handler/);
});

test("charts draw what runs logged, zoom together, and follow the colours of the table", async () => {
  const page = await open(`${home}?mode=charts`);
  await page.locator('[data-metric="train/loss"] canvas').waitFor();
  const card = page.locator('[data-metric="train/loss"]');
  const box = await card.locator(".u-over").boundingBox();
  if (!box) throw new Error("no chart");
  const refined = page.waitForRequest((request) => request.url().includes("start_step="));
  await page.mouse.move(box.x + box.width * 0.25, box.y + 40);
  await card.locator(".chart-tip").waitFor();
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.75, box.y + 40, { steps: 4 });
  await page.mouse.up();
  await refined;
  const shown = page.getByRole("complementary", { name: "Runs in charts" });
  await shown.getByRole("button", { name: "None" }).click();
  await page.getByText("Show a run with the eye at its left.").waitFor();
  await done(page);
});

test("charts stand over another metric, at the steps where both were logged", async () => {
  const { experiment_id: id } = await api<{ experiment_id: string }>("experiments/create", { name: `by epochs ${Date.now()}` });
  for (const speed of [10, 20]) {
    const { run } = await api<{ run: { info: { run_id: string } } }>("runs/create", { experiment_id: id, run_name: `speed-${speed}`, start_time: Date.now() });
    const loss = Array.from({ length: 41 }, (_, step) => ({ key: "loss", value: 1 / (step + 1), step, timestamp: step }));
    const epochs = Array.from({ length: 3 }, (_, at) => ({ key: "epoch", value: (at * speed) / 10, step: at * speed, timestamp: at }));
    await api("runs/log-batch", { run_id: run.info.run_id, metrics: [...loss, ...epochs] });
  }
  const page = await open(`/experiments/${id}?mode=charts&chartFilter=loss`);
  const card = page.locator('[data-metric="loss"]');
  await card.locator("canvas").waitFor();
  await page.getByRole("group", { name: "Horizontal axis" }).getByRole("button", { name: "Metric" }).click();
  await page.waitForFunction(() => location.hash.includes("xMetric=epoch"));
  await page.getByRole("combobox", { name: "Metric on the horizontal axis" }).selectOption("loss");
  await page.waitForFunction(() => location.hash.includes("xMetric=loss"));
  await page.getByRole("combobox", { name: "Metric on the horizontal axis" }).selectOption("epoch");
  await page.waitForFunction(() => location.hash.includes("xMetric=epoch"));
  await card.locator("canvas").waitFor();
  await page.getByRole("button", { name: "Actions for loss" }).click();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "Save as CSV" }).click()]);
  const rows = readFileSync(await file.path(), "utf8").trim().split(/\r?\n/).map((line) => line.split(","));
  // The first run has no epoch beyond step 20, the second one has one every ten steps.
  const last = (name: string) => Number(rows.filter(([run]) => run === name).pop()?.[2]);
  expect([last("speed-10"), last("speed-20"), rows.length]).toEqual([2, 4, 1 + 21 + 41]);
  const box = await card.locator(".u-over").boundingBox();
  if (!box) throw new Error("no chart");
  await page.mouse.move(box.x + box.width / 2, box.y + 40);
  await card.locator(".chart-tip").getByText(/^epoch /).waitFor();
  await done(page);
});

test("charts are moved and resized, compared with a run, and saved", async () => {
  const page = await open(`${home}?mode=charts`);
  const cards = page.locator('section[aria-label="train"] [data-metric]');
  await page.locator('[data-metric="train/loss"] canvas').waitFor();
  expect(await cards.first().getAttribute("data-metric")).toBe("train/grad_norm");
  const menu = (metric: string) => page.getByRole("button", { name: `Actions for ${metric}` });
  await menu("train/lr").click();
  await page.getByRole("menuitem", { name: "Move to the front" }).click();
  await page.waitForFunction(() => document.querySelector('section[aria-label="train"] [data-metric]')?.getAttribute("data-metric") === "train/lr");
  await page.locator('[data-metric="train/loss"] figcaption').dragTo(page.locator('[data-metric="train/lr"]'), { targetPosition: { x: 10, y: 60 } });
  await page.waitForFunction(() => document.querySelector('section[aria-label="train"] [data-metric]')?.getAttribute("data-metric") === "train/loss");
  await menu("train/loss").click();
  await page.getByRole("menuitem", { name: "Wider" }).click();
  await page.waitForFunction(() => (document.querySelector('[data-metric="train/loss"]') as HTMLElement).style.gridColumn.includes("2"));
  expect(page.url()).toContain("chartSizes");

  const runs = page.getByRole("complementary", { name: "Runs in charts" });
  await runs.getByRole("button", { name: /^Show differences to/ }).first().click();
  await page.locator('[data-metric="train/loss"]').getByText("− baseline").waitFor();
  await menu("train/loss").click();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "Save as SVG" }).click()]);
  const svg = readFileSync(await file.path(), "utf8");
  expect(svg).toContain("train/loss − ");
  expect(svg.match(/<path d="M[^"]+" fill="none"/g)?.length).toBe(9);
  await done(page);
});

test("groups of runs are drawn as means between their extremes", async () => {
  const page = await open(`${home}?mode=charts&groupBy=["param:optimizer"]`);
  const chart = page.locator('[data-metric="train/loss"] .chart');
  await chart.locator("canvas").waitFor();
  expect(await chart.getAttribute("aria-label")).toBe("train/loss: 3 curves");
  const box = await chart.locator(".u-over").boundingBox();
  if (!box) throw new Error("no chart");
  await page.mouse.move(box.x + box.width * 0.2, box.y + 40);
  await chart.locator(".chart-tip").getByText("optimizer: sgd").waitFor();
  await chart.locator(".chart-tip").getByText(/ to /).first().waitFor();
  await done(page);
});

test("scatter, parallel coordinates, boxes and contours are drawn", async () => {
  const page = await open(`${home}?mode=scatter`);
  await page.locator(".plot canvas").waitFor();
  await page.keyboard.press("4");
  await page.getByRole("img", { name: /Parallel coordinates/ }).waitFor();
  expect(page.url()).toContain("parallel");
  await page.keyboard.press("5");
  await page.getByRole("img", { name: /^val\/.* by .* of 12 runs$/ }).waitFor();
  await page.keyboard.press("6");
  await page.getByRole("img", { name: /^val\/.* by .* and .* of 12 runs$/ }).waitFor();
  await page.locator(".chart-tools select").nth(1).selectOption("param:seed");
  await page.getByRole("img", { name: /^val\/.* by .* and seed of 12 runs$/ }).waitFor();
  expect(page.url()).toContain("contour=");
  await done(page);
});

test("a run shows params, metrics, charts, and previews of its files", async () => {
  const page = await open(`${home}/runs/${last}`);
  await page.getByRole("list", { name: "Params" }).getByText("randaug").or(page.getByText("weight_decay")).first().waitFor();
  await page.getByPlaceholder("Search metrics").fill("top5");
  const metrics = page.getByRole("region", { name: "Metrics" }).last();
  expect(await metrics.locator("tbody tr").count()).toBe(1);
  // Last, lowest, highest: the server is asked for the latter.
  await page.waitForFunction(() => !document.querySelector("[aria-label=Metrics] tbody tr")?.textContent?.includes("–"));
  await page.getByRole("link", { name: "Charts" }).click();
  await page.locator('[data-metric="val/loss"] canvas').waitFor();
  await page.getByRole("link", { name: "Artifacts" }).click();
  await page.getByRole("treeitem", { name: /predictions.csv/ }).click();
  await page.getByRole("columnheader", { name: "confidence" }).waitFor();
  await page.getByRole("treeitem", { name: /report.md/ }).click();
  await page.getByRole("heading", { name: "Evaluation" }).waitFor();
  await page.getByRole("treeitem", { name: /config.yaml/ }).click();
  await page.locator(".hljs-attr").first().waitFor();
  await page.getByRole("treeitem", { name: /model/ }).click();
  await page.getByRole("treeitem", { name: /MLmodel/ }).click();
  await page.getByRole("list", { name: "Inputs" }).getByText("width").waitFor();
  await page.getByText(`runs:/${last}/model`).waitFor();
  await page.getByRole("treeitem", { name: /samples/ }).click();
  await page.getByRole("treeitem", { name: /step_0100.png/ }).click();
  await page.waitForFunction(() => (document.querySelector(".files-image img") as HTMLImageElement | null)?.naturalWidth === 192);
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download", exact: true }).click()]);
  expect(file.suggestedFilename()).toBe("step_0100.png");
  await done(page);
});

test("runs are compared by what differs", async () => {
  const runs = JSON.stringify(demo.runs.slice(0, 3));
  const page = await open(`/compare-runs?runs=${encodeURIComponent(runs)}&experiments=["1"]`);
  await page.getByRole("rowheader", { name: "lr", exact: true }).waitFor();
  expect(await page.getByRole("rowheader", { name: "depth" }).count()).toBe(0);
  await page.getByRole("checkbox", { name: "Only differences" }).uncheck();
  await page.getByRole("rowheader", { name: "depth" }).waitFor();
  await page.getByRole("button", { name: "Curves" }).click();
  await page.locator('[data-metric="train/loss"] canvas').waitFor();
  await done(page);
});

test("files and pictures of runs are compared side by side", async () => {
  const page = await open(`/compare-runs?runs=${encodeURIComponent(JSON.stringify(demo.runs.slice(-2)))}`);
  await page.getByRole("button", { name: "Files" }).click();
  await page.getByRole("option", { name: "samples 1 of 2" }).waitFor();
  await page.getByRole("option", { name: "config.yaml" }).click();
  expect(await page.getByRole("region", { name: "config.yaml" }).count()).toBe(2);
  await page.getByRole("button", { name: "Differences" }).click();
  await page.locator(".diff-new").getByText(/lr: /).waitFor();
  await page.getByRole("button", { name: "Images" }).click();
  await page.getByRole("region", { name: "val/sample" }).getByRole("button").nth(1).waitFor();
  await done(page);
});

test("a model is registered from its run", async () => {
  const page = await open(`${home}/runs/${last}`);
  await page.getByRole("button", { name: "Register a model" }).click();
  await page.getByRole("combobox", { name: "Model, known or new" }).fill("from-a-run");
  await page.getByRole("button", { name: "Register" }).last().click();
  await page.getByRole("heading", { name: "Version 1" }).waitFor();
  const { model_version: made } = await api<{ model_version: { run_id: string; source: string } }>("model-versions/get?name=from-a-run&version=1");
  expect(made).toMatchObject({ run_id: last, source: `runs:/${last}/model` });
  await page.getByRole("region", { name: "Signature" }).getByText("width").waitFor();
  await done(page);
});

test("links that stock clients print open the right page, under a prefix as well", async () => {
  for (const base of [inject("url"), inject("prefixed")]) {
    const page = await open("/models", { base });
    for (const [hash, text] of [
      [`${home}/runs/${last}`, "Load this run"],
      [`${home}/runs/${last}/artifacts`, "predictions.csv"],
      [`${home}/runs/${last}/model-metrics`, "Smoothing"],
      ["/models/imagenet-classifier", "Versions"],
      ["/models/imagenet-classifier/versions/1", "Load it"],
      ["/nothing/of/this", "There is no such page"],
      [`${home}/runs/${"0".repeat(32)}`, "Not found"],
    ] as const) {
      await page.goto(`${base}/#${hash}`);
      await page.getByText(text).first().waitFor();
    }
    await done(page, /404/);
  }
});

test("the palette and shortcuts work without a mouse", async () => {
  const page = await open("/experiments");
  await page.getByText("wake-word").waitFor();
  await page.keyboard.press("Control+k");
  await page.getByPlaceholder("Experiment, model, run by name or ID, command").fill("resnet");
  await page.getByRole("option", { name: "vision/resnet-sweep" }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "vision/resnet-sweep" }).waitFor();
  await page.locator("[data-run]").first().waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("2");
  await page.locator("canvas").first().waitFor();
  await page.keyboard.press("t");
  await page.locator('html[data-theme="dark"]').waitFor();
  await done(page);
});

const EVERY_PAGE = [
  ["/experiments", "wake-word"],
  [home, "Started"],
  [`${home}?mode=charts`, "Smoothing"],
  [`${home}?mode=images`, "val/sample"],
  [`${home}?mode=box`, "12 runs"],
  [`${home}?mode=contour`, "smoothed between them"],
  [`${home}?mode=scatter`, "runs have both"],
  [`${home}/runs/${last}/artifacts/model/MLmodel`, "Flavours"],
  [`${home}/runs/${last}/charts`, "Smoothing"],
  ["/prompts", "translate"],
  ["/nothing/of/this", "There is no such page"],
  [`${home}/about`, "Log to this experiment"],
  [`${home}/models`, "resnet34-0"],
  [`${home}/runs/${last}`, "Load this run"],
  [`${home}/runs/${last}/artifacts/code/train.py`, "import torch"],
  [`${home}/runs/${last}/artifacts/samples`, "Download as ZIP"],
  [`/compare-runs?runs=${encodeURIComponent(JSON.stringify(demo.runs.slice(0, 3)))}`, "Attributes"],
  ["/models", "imagenet-classifier"],
  ["/models/imagenet-classifier", "Versions"],
  ["/models/imagenet-classifier/versions/1", "Load it"],
  ["/prompts/summarize", "Version 2"],
  [`/models/imagenet-classifier/compare?versions=["1","2"]`, "Metrics of the run"],
] as const;
// In parts: axe takes its time on a busy machine.
const PARTS = 3;

for (const colorScheme of ["light", "dark"] as const) {
  for (let part = 0; part < PARTS; part++) {
    test(`axe finds nothing wrong, ${colorScheme}, part ${part + 1}`, async () => {
      const found: Record<string, string[]> = {};
      const page = await open("/models", { colorScheme });
      for (const [hash, text] of EVERY_PAGE.filter((_, at) => at % PARTS === part)) {
        await page.goto(`${inject("url")}/#${hash}`);
        await page.getByText(text).first().waitFor();
        const problems = await axe(page, colorScheme === "dark" ? ["color-contrast"] : undefined);
        if (problems.length) found[hash] = problems;
      }
      await done(page);
      expect(found).toEqual({});
    });
  }
}
