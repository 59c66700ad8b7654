// Measures pages in Chromium, on a server over a database of bench/page_database.py:
//
//     node scripts/measure.mjs http://127.0.0.1:5000
//     node scripts/measure.mjs http://127.0.0.1:5000 charts    only the charts
//     node scripts/measure.mjs http://127.0.0.1:5000 long      only the chart of long curves
//     node scripts/measure.mjs http://127.0.0.1:5000 many      a table down to its last run (--runs 100000 --metrics 10)
//     node scripts/measure.mjs http://127.0.0.1:5000 wide      a table with all columns (--runs 3000 --metrics 1000)
//
// Prints medians of cold loads (a fresh profile each), from navigation until what is waited for has been drawn.
import { chromium } from "playwright-core";

const [base, only] = process.argv.slice(2);
if (!base) throw new Error("Usage: measure.mjs URL");
const ROUNDS = 7;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

async function timed(hash, seen, height = 900) {
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const context = await browser.newContext({ viewport: { width: 1440, height } });
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
  times.sort((a, b) => a - b);
  return `${Math.round(median(times))} ms (${Math.round(times[0])} to ${Math.round(times[times.length - 1])})`;
}

/** Scrolls by three rows a frame, which is fast reading, or by a screen, which is looking for something; or across. */
async function scrolling(step, page, across = 0) {
  const own = page === undefined;
  page ??= await openTable();
  const spent = await mainThread(page);
  const result = await page.evaluate(async ([pixels, right]) => {
    const box = document.querySelector(".grid-box");
    const frames = [];
    let blank = 0;
    let passed = 0;
    let before = performance.now();
    for (let frame = 0; frame < 300; frame++) {
      const from = box.scrollTop;
      box.scrollTop += pixels;
      box.scrollLeft += right;
      passed += (box.scrollTop - from) / 30;
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      frames.push(now - before);
      before = now;
      const rect = box.getBoundingClientRect();
      for (const share of [0.25, 0.5, 0.9]) {
        const middle = document.elementFromPoint(rect.left + 300, rect.top + rect.height * share);
        if (!middle?.closest("[data-run], .grid-head")) blank += 1;
      }
    }
    frames.sort((a, b) => a - b);
    return { median: frames[150], p95: frames[285], blank, passed: Math.round(passed) };
  }, [step, across]);
  const busy = ((await spent()) / 300).toFixed(1);
  if (own) await page.close();
  return `frame median ${result.median.toFixed(1)} ms, 95 % ${result.p95.toFixed(1)} ms, of which the page's thread computes ${busy} ms on average, blank at ${result.blank} of 900 places, ${result.passed} rows passed`;
}

/** What the thread of a page computes, in ms of CPU: that does not depend on how busy the machine is. */
async function mainThread(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const now = async () => (await session.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration").value * 1000;
  const before = await now();
  return async () => (await now()) - before;
}

async function openTable(search = "") {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(`${base}/#/experiments/1${search}`);
  await page.waitForFunction(() => document.querySelector('.head-label[title^="metrics/m000"]'));
  return page;
}

const count = (page) => page.evaluate(() => Number(document.querySelector('[data-testid="run-count"]').textContent.replace(/\D/g, "")));

/** The heap after garbage collection, in MB. */
async function heap(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  return `${Math.round(usedSize / 1e6)} MB`;
}

/** To the end of a long table, as fast as it lets one. */
async function manyRuns() {
  const page = await openTable();
  const started = Date.now();
  for (const goal of [1000, 10_000, 50_000, 100_000]) {
    await page.evaluate(async (wanted) => {
      const box = document.querySelector(".grid-box");
      const known = () => Number(document.querySelector('[data-testid="run-count"]').textContent.replace(/\D/g, ""));
      while (known() < wanted) {
        box.scrollTop = box.scrollHeight;
        await new Promise(requestAnimationFrame);
      }
    }, goal);
    console.log(`  ${await count(page)} runs after ${((Date.now() - started) / 1000).toFixed(1)} s, heap ${await heap(page)}`);
    await page.evaluate(() => (document.querySelector(".grid-box").scrollTop /= 2));
    console.log(`  there, 3 rows a frame: ${await scrolling(90, page)}`);
  }
  await page.close();
}

/** Groups of all runs: until all of them are in, and how the page moves then. */
async function grouped() {
  const page = await openTable();
  for (const [name, search] of [["groups", `?groupBy=${encodeURIComponent('["param:p0"]')}`], ["tree", "?nested=true"], ["by lowest", `?sort=${encodeURIComponent("min:metrics/m000")}`]]) {
    const started = Date.now();
    await page.goto(`${base}/#/experiments/1${search}`);
    await page.waitForFunction(() => document.querySelector('[data-testid="run-count"]')?.textContent.startsWith("100,000 "), undefined, { timeout: 120_000 });
    console.log(`  ${name}: all runs after ${((Date.now() - started) / 1000).toFixed(1)} s, heap ${await heap(page)}`);
    if (name === "groups") await page.locator(".grid-line.group button").first().click();
    console.log(`  there, 3 rows a frame: ${await scrolling(90, page)}`);
    console.log(`  12 rows a frame: ${await scrolling(360, page)}`);
  }
  await page.close();
}

async function manyColumns() {
  const columns = Array.from({ length: 1000 }, (_, at) => `metric:metrics/m${String(at).padStart(3, "0")}`);
  const started = Date.now();
  const page = await openTable(`?columns=${encodeURIComponent(JSON.stringify(columns))}`);
  console.log(`  1,000 columns after ${Date.now() - started} ms, heap ${await heap(page)}`);
  console.log(`  across, 1 column a frame: ${await scrolling(0, page, 112)}`);
  console.log(`  across, 8 columns a frame: ${await scrolling(0, page, 900)}`);
  console.log(`  down, 3 rows a frame: ${await scrolling(90, page)}; ${await count(page)} runs, heap ${await heap(page)}`);
  await page.close();
}

/** How long the page is busy after a key that changes everything. */
async function sorting() {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(`${base}/#/experiments/1`);
  await page.waitForFunction(() => document.querySelector('.head-label[title^="metrics/m000"]'));
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    times.push(await page.evaluate(async () => {
      const first = () => document.querySelector("[data-run]")?.getAttribute("data-run");
      const before = first();
      const started = performance.now();
      [...document.querySelectorAll(".head-label")].find((head) => head.textContent.includes("m000")).click();
      while (first() === before) await new Promise(requestAnimationFrame);
      return performance.now() - started;
    }));
  }
  await page.close();
  return `${Math.round(median(times))} ms`;
}

async function sizes() {
  const page = await browser.newPage();
  const sent = [];
  page.on("response", (response) => sent.push([new URL(response.url()).pathname, Number(response.headers()["content-length"] ?? 0)]));
  await page.goto(`${base}/#/experiments/1`);
  await page.waitForFunction(() => document.querySelector('.head-label[title^="metrics/m000"]'));
  await page.waitForTimeout(500);
  const sum = (kind) => Math.round(sent.filter(([path]) => kind.test(path)).reduce((total, [, size]) => total + size, 0) / 1000);
  await page.close();
  return `${sum(/\.js$/)} kB of scripts, ${sum(/\.css$/)} kB of styles, ${sum(/\.woff2$/)} kB of fonts`;
}

async function ids(experiment) {
  const response = await fetch(`${base}/ajax-api/2.0/mlflow/runs/search`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ experiment_ids: [experiment], max_results: 50 }) });
  return encodeURIComponent(JSON.stringify((await response.json()).runs.map((run) => run.info.run_id)));
}

const rows = `document.querySelectorAll("[data-run]").length > 10 && document.querySelector('.head-label[title^="metrics/m000"]')`;
const drawn = (count) => `!document.querySelector(".skeleton") && document.querySelectorAll("[data-metric] canvas").length >= ${count}`;
if (only === "many") {
  await manyRuns();
  await grouped();
} else if (only === "wide") await manyColumns();
else await usual();
await browser.close();

async function usual() {
  if (only === undefined) {
    console.log(`first page, as sent: ${await sizes()}`);
    console.log(`10,000 runs x 100 metrics, table: ${await timed("/experiments/1", rows)}`);
    console.log(`scrolling, 3 rows a frame: ${await scrolling(90)}`);
    console.log(`scrolling, 12 rows a frame: ${await scrolling(360)}`);
    console.log(`sorting by a metric: ${await sorting()}`);
  }
  if (only !== "long") {
    const shown = await ids("2");
    console.log(`20 charts x 50 runs x 1,000 points: ${await timed(`/experiments/2?mode=charts&chartColumns=5&chartHeight=150&shown=${shown}`, drawn(20), 1100)}`);
  }
  console.log(`one chart of 50 long curves: ${await timed(`/experiments/3?mode=charts&chartColumns=1&chartHeight=500&shown=${await ids("3")}`, drawn(1))}`);
}
