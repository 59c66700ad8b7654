// Takes the screenshots of the documentation from a server on a database that `oxflow demo` filled:
//
//     node scripts/screenshots.mjs http://127.0.0.1:5000
//     node scripts/screenshots.mjs http://127.0.0.1:5000 FOLDER    every page in both widths and themes, to look at
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const [base, all] = process.argv.slice(2);
if (!base) throw new Error("Usage: screenshots.mjs URL [FOLDER]");
const folder = all ? `${all}/` : fileURLToPath(new URL("../../docs/screenshots/", import.meta.url));
mkdirSync(folder, { recursive: true });

async function post(path, body) {
  const response = await fetch(`${base}/ajax-api/2.0/mlflow/${path}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  return response.json();
}

const { experiments } = await post("experiments/search", { max_results: 100 });
const idOf = (name) => experiments.find((item) => item.name === name).experiment_id;
const sweep = idOf("vision/resnet-sweep");
const { runs } = await post("runs/search", { experiment_ids: [sweep], max_results: 4 });
const ids = runs.map((run) => run.info.run_id);
const land = idOf("vision/segmentation");
const lastOf = async (experiment) => (await post("runs/search", { experiment_ids: [experiment], max_results: 1 })).runs[0].info.run_id;
const query = (state) => Object.entries(state).map(([key, value]) => `${key}=${encodeURIComponent(typeof value === "string" ? value : JSON.stringify(value))}`).join("&");

const SHOTS = {
  experiments: ["/experiments", "text=wake-word"],
  runs: [`/experiments/${sweep}`, "[data-run]"],
  groups: [`/experiments/${sweep}?${query({ groupBy: ["param:optimizer", "param:augment"] })}`, ".grid-line.group"],
  nested: [`/experiments/${idOf("nlp/summarize")}?${query({ nested: true })}`, "[data-run]"],
  charts: [`/experiments/${sweep}?${query({ mode: "charts", smoothing: 0.6 })}`, "[data-metric] canvas"],
  bands: [`/experiments/${sweep}?${query({ mode: "charts", groupBy: ["param:optimizer"], smoothing: 0.6 })}`, "[data-metric] canvas"],
  box: [`/experiments/${sweep}?${query({ mode: "box", box: ["param:optimizer", "metric:val/accuracy"] })}`, ".plot canvas"],
  contour: [`/experiments/${sweep}?${query({ mode: "contour" })}`, ".plot canvas"],
  best: [`/experiments/${sweep}?${query({ sort: "-max:val/accuracy", columns: ["attribute:start_time", "attribute:duration", "metric:val/accuracy", "max:val/accuracy", "metric:val/loss", "min:val/loss", "param:lr", "param:optimizer", "param:augment"] })}`, "[data-run]"],
  bars: [`/experiments/${idOf("tabular/churn")}?${query({ mode: "charts" })}`, ".bars"],
  images: [`/experiments/${sweep}?${query({ mode: "images" })}`, ".picture img"],
  scatter: [`/experiments/${sweep}?${query({ mode: "scatter", scatter: ["param:lr", "metric:val/accuracy", "metric:val/loss"] })}`, ".plot canvas"],
  parallel: [`/experiments/${sweep}?${query({ mode: "parallel", filter: "metrics.`val/accuracy` > 0.85" })}`, ".plot canvas"],
  run: [`/experiments/${sweep}/runs/${ids[0]}`, "text=Load this run"],
  artifacts: [`/experiments/${sweep}/runs/${ids[0]}/artifacts/code/train.py`, ".hljs-keyword"],
  page: [`/experiments/${sweep}/runs/${ids[0]}/artifacts/confusion.html`, "iframe"],
  compare: [`/compare-runs?${query({ runs: ids, experiments: [sweep] })}`, ".compare"],
  map: [`/experiments/${land}/runs/${await lastOf(land)}/artifacts/parcels.geojson`, ".geo svg"],
  about: [`/experiments/${sweep}/about`, "text=Log to this experiment"],
  models: ["/models", "text=imagenet-classifier"],
  model: ["/models/imagenet-classifier", "text=Version 4"],
  version: ["/models/imagenet-classifier/versions/2", "text=Load it"],
  versions: ["/models/imagenet-classifier/compare?versions=[%221%22,%222%22,%223%22]", ".compare"],
  prompt: ["/prompts/summarize", "text=Use it"],
};
// Every page in light, those with colours of their own in dark as well.
const DARK = ["runs", "charts", "run", "compare", "contour"];

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
async function take(name, colorScheme, width = 1440) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, reducedMotion: "reduce" });
  const page = await context.newPage();
  const [hash, shown] = SHOTS[name];
  await page.goto(`${base}/#${hash}`);
  await page.locator(shown).first().waitFor();
  await page.waitForLoadState("networkidle").catch(() => undefined);
  await page.evaluate(() => document.fonts.ready);
  if (name === "charts") {
    const plot = await page.locator('[data-metric="train/loss"] .u-over').boundingBox();
    await page.waitForFunction(() => !document.querySelector(".skeleton"));
    await page.mouse.move(plot.x + plot.width * 0.3, plot.y + plot.height * 0.5);
  }
  const file = `${name}${colorScheme === "dark" ? "-dark" : ""}${width === 1440 ? "" : `-${width}`}.png`;
  await page.screenshot({ path: folder + file });
  await context.close();
}
// In the documentation; the others are taken to be looked at.
const UNUSED = new Set(["about", "models"]);
for (const name of Object.keys(SHOTS)) {
  if (!all && UNUSED.has(name)) continue;
  await take(name, "light");
  if (all || DARK.includes(name)) await take(name, "dark");
  if (all || name === "runs") await take(name, "light", 1024);
  if (all) await take(name, "dark", 1024);
}
await browser.close();
