import { readFileSync } from "node:fs";
import { expect, inject, test } from "vitest";
import { api, done, open, withBrowser } from "./browser";

withBrowser();
const demo = inject("demo");
const home = `/experiments/${demo.experiment}`;
const last = demo.runs[demo.runs.length - 1] ?? "";
const files = `${home}/runs/${last}/artifacts`;

test("a folder shows its pictures, and comes as an archive", async () => {
  const page = await open(files);
  await page.getByRole("treeitem", { name: "samples" }).click();
  const pictures = page.locator(".gallery img");
  await pictures.first().waitFor();
  expect(await pictures.count()).toBe(4);
  const [archive] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download as ZIP" }).click()]);
  expect(archive.suggestedFilename()).toBe("samples.zip");
  const bytes = readFileSync(await archive.path());
  const end = bytes.length - 22;
  expect(bytes.readUInt32LE(end)).toBe(0x06054b50);
  expect(bytes.readUInt16LE(end + 10)).toBe(4);
  const [all] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download all" }).click()]);
  expect(all.suggestedFilename()).toBe(`${last}.zip`);
  await page.getByRole("button", { name: "step_0200.png" }).click();
  await page.waitForFunction(() => (document.querySelector(".files-image img") as HTMLImageElement | null)?.naturalWidth === 192);
  await done(page);
});

test("files are uploaded, into the folder that is shown", async () => {
  const { experiment_id: id } = await api<{ experiment_id: string }>("experiments/create", { name: "for uploads" });
  const { run } = await api<{ run: { info: { run_id: string } } }>("runs/create", { experiment_id: id, run_name: "uploads", start_time: Date.now() });
  const page = await open(`/experiments/${id}/runs/${run.info.run_id}/artifacts`);
  await page.getByText("Drop some here to upload them").waitFor();
  const chooser = page.getByTestId("upload");
  await chooser.setInputFiles({ name: "ä note.txt", mimeType: "text/plain", buffer: Buffer.from("first line") });
  await page.getByRole("treeitem", { name: "ä note.txt" }).click();
  await page.getByRole("region", { name: "ä note.txt" }).getByText("first line").waitFor();
  // What is dropped goes the same way.
  const data = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["a,b\n1,2\n"], "table.csv", { type: "text/csv" }));
    return transfer;
  });
  await page.dispatchEvent(".files", "dragover", { dataTransfer: data });
  await page.getByText("Upload to the run").waitFor();
  await page.dispatchEvent(".files", "drop", { dataTransfer: data });
  await page.getByRole("treeitem", { name: "table.csv" }).click();
  await page.getByRole("columnheader", { name: "b", exact: true }).waitFor();
  await done(page);
});

test("of a long log, the beginning and the end are a press away", async () => {
  const { run } = await api<{ run: { info: { run_id: string } } }>("runs/create", { experiment_id: demo.experiment, run_name: "long log", start_time: 1 });
  const id = run.info.run_id;
  const lines = Array.from({ length: 120_000 }, (_, at) => `line number ${at}\n`).join("");
  await fetch(`${inject("url")}/ajax-api/2.0/mlflow/upload-artifact?run_uuid=${id}&path=train.log`, { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: lines });
  const page = await open(`${home}/runs/${id}/artifacts/train.log`);
  await page.getByText("The first 1.0 MB of 2.2 MB.").waitFor();
  await page.getByRole("button", { name: "End" }).click();
  await page.getByText("The last 1.0 MB of 2.2 MB.").waitFor();
  const shown = await page.locator(".code").innerText();
  expect(shown.trimEnd().endsWith("line number 119999")).toBe(true);
  expect(shown.trimStart().startsWith("line number ")).toBe(true);
  await api("runs/delete", { run_id: id });
  await done(page);
});

test("a logged model takes files as well", async () => {
  const { models } = await api<{ models: { info: { model_id: string } }[] }>("logged-models/search", { experiment_ids: [demo.experiment] });
  const page = await open(`${home}/models/${models[0]?.info.model_id ?? ""}?tab=artifacts`);
  await page.getByText("Drop some here to upload them").waitFor();
  await page.getByTestId("upload").setInputFiles({ name: "card.md", mimeType: "text/markdown", buffer: Buffer.from("# A card") });
  await page.getByRole("treeitem", { name: "card.md" }).click();
  await page.getByRole("heading", { name: "A card" }).waitFor();
  await done(page);
});

test("a page among the artifacts is shown, without any rights", async () => {
  const page = await open(`${files}/confusion.html`);
  const frame = page.frameLocator("iframe");
  await frame.getByRole("cell", { name: "398" }).waitFor();
  const inside = page.frames().find((item) => item.url().includes("document?path="));
  const rights = await inside?.evaluate(async () => ({
    origin: self.origin,
    cookie: (() => { try { return document.cookie; } catch { return "refused"; } })(),
    parent: (() => { try { return parent.document.title; } catch { return "refused"; } })(),
    fetched: await fetch(location.href).then(() => "answered", () => "refused"),
  }));
  expect(rights).toEqual({ origin: "null", cookie: "refused", parent: "refused", fetched: "refused" });
  await page.getByRole("button", { name: "Source" }).click();
  await page.locator(".hljs-keyword").first().waitFor();
  await done(page, /Content Security Policy|Failed to fetch|violates/);
});

test("a PDF is left to the browser's viewer", async () => {
  const page = await open(files);
  const asked = page.waitForResponse((response) => response.url().includes("document?path=evaluation.pdf"));
  await page.getByRole("treeitem", { name: "evaluation.pdf" }).click();
  const answer = await asked;
  expect(answer.headers()["content-type"]).toBe("application/pdf");
  await page.locator("iframe").waitFor();
  await done(page);
});

for (const compression of ["snappy", "zstd", "gzip", "brotli", "lz4"]) {
  test(`a Parquet file is shown as a table, ${compression}`, async () => {
    const page = await open(`${files}/scores.${compression}.parquet`);
    await page.getByText("1500 rows, 3 columns; the first 1000 are shown").waitFor();
    await page.getByRole("columnheader", { name: "confidence" }).waitFor();
    await page.getByRole("cell", { name: "val_00007.jpg" }).waitFor();
    await done(page);
  });
}

test("a GeoJSON file is shown as a map, and as its source", async () => {
  const found = await api<{ experiment: { experiment_id: string } }>("experiments/get-by-name?experiment_name=vision/segmentation");
  const id = found.experiment.experiment_id;
  const { runs } = await api<{ runs: { info: { run_id: string } }[] }>("runs/search", { experiment_ids: [id], order_by: ["attributes.start_time DESC"], max_results: 1 });
  const page = await open(`/experiments/${id}/runs/${runs[0]?.info.run_id ?? ""}/artifacts/parcels.geojson`);
  await page.getByRole("img", { name: "Map of 23 features" }).waitFor();
  expect(await page.locator(".geo-area").count()).toBe(20);
  await page.locator(".geo-area").first().hover();
  await page.locator(".geo-facts").getByText("confidence").waitFor();
  const map = page.getByRole("img", { name: "Map of 23 features" });
  const width = async () => Number((await map.getAttribute("viewBox"))?.split(" ")[2]);
  const whole = await width();
  await map.hover();
  await page.mouse.wheel(0, -400);
  await expect.poll(width).toBeLessThan(whole / 1.5);
  const before = await map.getAttribute("viewBox");
  const { x, y, width: wide, height } = (await map.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.move(x + wide / 2, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + wide / 2 - 60, y + height / 2 - 40, { steps: 3 });
  await page.mouse.up();
  await expect.poll(() => map.getAttribute("viewBox")).not.toBe(before);
  await page.getByRole("button", { name: "Show the whole map" }).click();
  await expect.poll(width).toBe(whole);
  await page.getByRole("button", { name: "Source" }).click();
  await page.getByText('"FeatureCollection"').first().waitFor();
  await done(page);
});

test("pictures over steps are shown for runs side by side, and for one run", async () => {
  const page = await open(`${home}?mode=images`);
  const section = page.getByRole("region", { name: "val/sample" });
  const pictures = section.getByRole("button");
  await pictures.first().waitFor();
  await page.waitForFunction(() => document.querySelectorAll(".picture-section:last-child .picture").length === 6);
  await section.getByText("step 400").first().waitFor();
  await page.getByRole("button", { name: "Earlier step" }).click();
  await section.getByText("step 300").first().waitFor();
  await page.getByRole("button", { name: "All steps" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".picture-section:last-child .picture").length === 30);
  await pictures.first().click();
  await page.waitForFunction(() => (document.querySelector("dialog img") as HTMLImageElement | null)?.naturalWidth === 96);
  await done(page);

  const one = await open(`${home}/runs/${last}`);
  await one.getByRole("link", { name: "Images" }).click();
  await one.getByRole("region", { name: "val/reconstruction" }).getByRole("button").first().waitFor();
  await done(one);
});
