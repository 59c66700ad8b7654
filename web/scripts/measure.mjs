// Measures pages in Chromium:
//
//     node scripts/measure.mjs http://127.0.0.1:5000 EXPERIMENT_ID
//
// The experiment should be large. Prints the median of some cold loads, from navigation to what is seen.
import { chromium } from "playwright-core";

const [base, experiment] = process.argv.slice(2);
if (!base || !experiment) throw new Error("Usage: measure.mjs URL EXPERIMENT_ID");
const ROUNDS = 5;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });

async function timed(hash, seen, rounds = ROUNDS) {
  const times = [];
  for (let round = 0; round < rounds; round++) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    await page.addInitScript((condition) => {
      const isSeen = new Function(`return ${condition}`);
      const look = () => {
        if (isSeen()) requestAnimationFrame(() => (window.seenAt = performance.now()));
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    }, seen);
    await page.goto(`${base}/#${hash}`);
    await page.waitForFunction(() => window.seenAt !== undefined, undefined, { timeout: 60_000 });
    times.push(await page.evaluate(() => window.seenAt));
    await context.close();
  }
  return Math.round(times.sort((a, b) => a - b)[times.length >> 1]);
}

async function scrolling() {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(`${base}/#/experiments/${experiment}`);
  await page.waitForFunction(() => document.querySelectorAll("[data-run]").length > 10);
  const result = await page.evaluate(async () => {
    const box = document.querySelector(".grid-box");
    const frames = [];
    let blank = 0;
    let before = performance.now();
    for (let frame = 0; frame < 240; frame++) {
      box.scrollTop += 90;
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      frames.push(now - before);
      before = now;
      const rect = box.getBoundingClientRect();
      const middle = document.elementFromPoint(rect.left + 300, rect.top + rect.height / 2);
      if (!middle?.closest("[data-run]")) blank += 1;
    }
    frames.sort((a, b) => a - b);
    return { median: frames[120], p95: frames[228], blank, rows: Math.round(box.scrollTop / 30) };
  });
  await page.close();
  return result;
}

const rows = 'document.querySelectorAll("[data-run]").length > 10';
console.log(`table of runs: ${await timed(`/experiments/${experiment}`, rows)} ms`);
const scroll = await scrolling();
console.log(`scrolling: frame median ${scroll.median.toFixed(1)} ms, 95 % ${scroll.p95.toFixed(1)} ms, ${scroll.blank} of 240 frames blank, ${scroll.rows} rows passed`);
const charts = '!document.querySelector(".skeleton") && document.querySelectorAll("[data-metric]").length > 5 && [...document.querySelectorAll("[data-metric]")].filter((c) => c.getBoundingClientRect().top < innerHeight && !c.querySelector("canvas, .bars")).length === 0';
const ids = async () => {
  const response = await fetch(`${base}/api/2.0/mlflow/runs/search`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ experiment_ids: [experiment], max_results: 50 }) });
  return (await response.json()).runs.map((run) => run.info.run_id);
};
const shown = encodeURIComponent(JSON.stringify(await ids()));
console.log(`charts of 50 runs, those in sight: ${await timed(`/experiments/${experiment}?mode=charts&shown=${shown}`, charts, 3)} ms`);
const page = await browser.newPage();
const sizes = [];
page.on("response", async (response) => sizes.push([new URL(response.url()).pathname, Number(response.headers()["content-length"] ?? 0)]));
await page.goto(`${base}/#/experiments`);
await page.waitForLoadState("networkidle");
for (const kind of [/\.js$/, /\.css$/, /\.woff2$/]) {
  const sum = sizes.filter(([path]) => kind.test(path)).reduce((total, [, size]) => total + size, 0);
  console.log(`first page, ${kind.source}: ${(sum / 1000).toFixed(0)} kB as sent`);
}
await browser.close();
