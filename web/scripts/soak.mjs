// Watches the memory of pages while runs go on: three runs log six metrics every second, the table and the charts are open.
//
//     node scripts/soak.mjs http://127.0.0.1:5000 MINUTES
//
// Prints the heap after garbage collection every minute, in kB, and the number of nodes of the document.
import { chromium } from "playwright-core";

const [base, minutes = "60"] = process.argv.slice(2);
if (!base) throw new Error("Usage: soak.mjs URL MINUTES");
const RUNS = 3;
const METRICS = 6;

async function post(path, body) {
  const response = await fetch(`${base}/ajax-api/2.0/mlflow/${path}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

const { experiment_id: experiment } = await post("experiments/create", { name: `soak ${Date.now()}` });
const runs = [];
for (let at = 0; at < RUNS; at++) runs.push((await post("runs/create", { experiment_id: experiment, run_name: `run-${at}`, start_time: Date.now() })).run.info.run_id);

let step = 0;
async function log() {
  step += 1;
  const timestamp = Date.now();
  const metrics = Array.from({ length: METRICS }, (_, at) => ({ key: `m${at}`, value: Math.exp(-step / 500) + Math.random() * 0.1, timestamp, step }));
  await Promise.all(runs.map((run) => post("runs/log-batch", { run_id: run, metrics })));
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
async function watch(mode) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(`${base}/#/experiments/${experiment}?mode=${mode}`);
  const session = await page.context().newCDPSession(page);
  return async () => {
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    const nodes = await page.evaluate(() => document.querySelectorAll("*").length);
    return `${mode} ${Math.round(usedSize / 1000)} kB, ${nodes} elements`;
  };
}

await log();
const looks = [await watch("table"), await watch("charts")];
const started = Date.now();
const timer = setInterval(() => void log().catch((error) => console.error(error.message)), 1000);
for (let minute = 1; minute <= Number(minutes); minute++) {
  await new Promise((wake) => setTimeout(wake, started + minute * 60_000 - Date.now()));
  console.log(`minute ${minute}, ${step} steps: ${(await Promise.all(looks.map((look) => look()))).join("; ")}`);
}
clearInterval(timer);
await browser.close();
