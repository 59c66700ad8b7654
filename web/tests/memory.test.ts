import { expect, test } from "vitest";
import { api, done, open, withBrowser } from "./browser";

withBrowser();
/** Seconds that the page lives through; an hour has 3,600 of them, and `EVENTS=3600` takes its time. */
const EVENTS = Number(process.env.EVENTS ?? 240);
/** Points that are there before, so that samples of histories have their full length from the beginning. */
const BEFORE = 3000;
/** What the heap may grow by meanwhile, in bytes; keeping each answer to a chart would be twice as much. */
const SLACK = 800_000;

interface Created {
  run: { info: { run_id: string } };
}

/** Logs a point of two metrics of each run. */
async function log(runs: string[], steps: number[]) {
  const points = steps.flatMap((step) => ["loss", "score"].map((key) => ({ key, value: Math.random(), timestamp: Date.now(), step })));
  await Promise.all(runs.map((run) => api("runs/log-batch", { run_id: run, metrics: points })));
}

test("memory stays flat while runs go on", async () => {
  const { experiment_id: id } = await api<{ experiment_id: string }>("experiments/create", { name: "for hours" });
  const runs: string[] = [];
  for (const name of ["a", "b", "c"]) runs.push((await api<Created>("runs/create", { experiment_id: id, run_name: name, start_time: Date.now() })).run.info.run_id);
  for (let at = 0; at < BEFORE; at += 500) await log(runs, Array.from({ length: 500 }, (_, offset) => at + offset));
  const page = await open("/models");
  // Server and network are real. What is not waited for is time: the page is told by hand, and its clock is turned.
  await page.addInitScript(() => {
    const Real = window.EventSource;
    window.EventSource = class extends Real {
      constructor(...address: ConstructorParameters<typeof Real>) {
        super(...address);
        Object.assign(window, { told: this });
      }
    };
  });
  await page.clock.install();
  await page.evaluate((hash) => location.assign(hash), `#/experiments/${id}?mode=charts`);
  await page.reload();
  await page.locator('[data-metric="loss"] canvas').waitFor();
  const session = await page.context().newCDPSession(page);
  const heap = async () => {
    for (let round = 0; round < 3; round++) await session.send("HeapProfiler.collectGarbage");
    return (await session.send("Runtime.getHeapUsage")).usedSize;
  };
  const sizes: number[] = [];
  for (let event = 1; event <= EVENTS; event++) {
    await log(runs, [BEFORE + event]);
    await page.evaluate((ids) => {
      const { told } = window as unknown as { told: EventSource };
      told.dispatchEvent(new MessageEvent("runs", { data: JSON.stringify({ run_ids: ids }) }));
    }, runs);
    await page.clock.runFor(1000);
    if (event % (EVENTS / 6) === 0) sizes.push(await heap());
  }
  // The page did follow, to the last point.
  const box = await page.locator('[data-metric="loss"] .u-over').boundingBox();
  if (!box) throw new Error("no chart");
  await expect
    .poll(
      async () => {
        await page.clock.runFor(1000);
        await page.mouse.move(box.x + 40, box.y + 40);
        await page.mouse.move(box.x + box.width - 1, box.y + 40);
        return Number((await page.locator(".chart-tip").innerText()).match(/step ([\d ,]+)/)?.[1]?.replace(/\D/g, ""));
      },
      { timeout: 60_000 },
    )
    .toBeGreaterThan(BEFORE + EVENTS - 3);
  // The first look is too early: caches fill. Of some looks, the lowest one counts, as others may have met a request.
  const [first, last] = [Math.min(...sizes.slice(2, 4)), Math.min(...sizes.slice(-2))];
  console.log(`heap after each sixth of ${EVENTS} s: ${sizes.map((size) => `${Math.round(size / 1000)} kB`).join(", ")}`);
  expect(last).toBeLessThan(first + SLACK);
  await done(page);
});
