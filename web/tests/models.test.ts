import { expect, inject, test } from "vitest";
import { api, axe, done, open, withBrowser } from "./browser";

withBrowser();
const demo = inject("demo");
const home = `/experiments/${demo.experiment}`;
const last = demo.runs[demo.runs.length - 1] ?? "";

test("versions of a model are compared by what they are, and by their runs", async () => {
  const page = await open("/models/imagenet-classifier");
  await page.getByRole("checkbox", { name: "Choose version 1" }).check();
  await page.getByRole("checkbox", { name: "Choose version 2" }).check();
  await page.getByRole("button", { name: "Compare" }).click();
  await page.getByRole("heading", { name: "Compare 2 versions" }).waitFor();
  await page.getByRole("row", { name: /^Aliases/ }).getByText("@champion").waitFor();
  await page.getByRole("rowheader", { name: "val/loss" }).waitFor();
  expect(await page.getByRole("rowheader", { name: "data.root" }).count()).toBe(0);
  await page.getByRole("checkbox", { name: "Only differences" }).uncheck();
  await page.getByRole("rowheader", { name: "data.root" }).waitFor();
  expect(await axe(page)).toEqual([]);
  await page.getByRole("button", { name: "Compare their runs" }).click();
  await page.getByRole("heading", { name: "Compare 2 runs" }).waitFor();
  await done(page);
});

test("a version that takes a stage may archive the one that had it", async () => {
  for (const number of ["1", "2"]) await api("registered-models/create", { name: `staged-${number}` });
  for (let at = 0; at < 2; at++) await api("model-versions/create", { name: "staged-1", source: `runs:/${last}/model`, run_id: last });
  await api("model-versions/transition-stage", { name: "staged-1", version: "1", stage: "Production", archive_existing_versions: false });
  const page = await open("/models/staged-1/versions/2");
  await page.getByLabel("Stage").selectOption("Production");
  await page.getByText("Version 1 is in Production now.").waitFor();
  await page.getByRole("button", { name: "Move" }).click();
  const stage = async (version: string) => (await api<{ model_version: { current_stage: string } }>(`model-versions/get?name=staged-1&version=${version}`)).model_version.current_stage;
  await expect.poll(() => stage("1")).toBe("Archived");
  expect(await stage("2")).toBe("Production");
  await done(page);
});

test("a model version gets an alias, a stage and a tag", async () => {
  const page = await open("/models");
  await page.getByRole("link", { name: "imagenet-classifier" }).click();
  await page.getByRole("link", { name: "Version 3" }).click();
  // The page of the model has a button of this name as well.
  await page.getByRole("heading", { name: "Version 3" }).waitFor();
  await page.getByRole("button", { name: "Add alias to version 3" }).click();
  await page.getByRole("textbox", { name: "Alias" }).fill("candidate");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("@candidate").waitFor();
  await page.getByLabel("Stage").selectOption("Staging");
  await page.getByRole("button", { name: "Add tag" }).click();
  await page.getByRole("textbox", { name: "Key" }).fill("reviewed");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("reviewed").waitFor();
  await expect.poll(async () => (await api<{ model_version: { current_stage: string; aliases: string[] } }>("model-versions/get?name=imagenet-classifier&version=3")).model_version).toMatchObject({
    current_stage: "Staging",
    aliases: ["candidate"],
  });
  await done(page);
});

test("prompts show what changed, logged models what they are", async () => {
  const page = await open("/prompts");
  await page.getByRole("link", { name: "summarize" }).click();
  await page.getByRole("button", { name: "Changes since v1" }).click();
  await page.locator(".diff-new").getByText("for a busy reader").waitFor();
  await page.goto(`${inject("url")}/#${home}/models`);
  await page.getByRole("link", { name: "resnet34-2" }).click();
  await page.getByRole("list", { name: "Metrics" }).getByText("test/f1").waitFor();
  await page.goto(`${inject("url")}/#/prompts/translate`);
  await page.getByRole("button", { name: "Changes since v1" }).click();
  await page.locator(".diff-new").getByText("into {{ language }}").waitFor();
  await done(page);
});


test("prompts are written, aliased, and compared between any two versions", async () => {
  const page = await open("/prompts");
  await page.getByRole("button", { name: "New prompt" }).click();
  await page.getByRole("textbox", { name: /^Name/ }).fill("greet");
  await page.getByRole("textbox", { name: /^Text/ }).fill("Greet {{ name }}.");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Version 1" }).waitFor();
  await page.getByText('prompt.format(name="…")').waitFor();
  for (const [at, text] of ["Greet {{ name }} warmly.", "Greet {{ name }} in {{ language }}."].entries()) {
    await page.getByRole("button", { name: "New version" }).click();
    await page.getByRole("textbox", { name: /^Text/ }).fill(text);
    await page.getByRole("textbox", { name: "What changed" }).fill(`Try ${at + 2}`);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: `Version ${at + 2}` }).waitFor();
  }
  await page.getByRole("button", { name: "Add alias to version 3" }).click();
  await page.getByRole("textbox", { name: "Alias" }).fill("best");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("option", { name: /@best/ }).waitFor();
  await page.getByRole("button", { name: "Changes since v2" }).click();
  await page.getByRole("combobox", { name: "Compare with" }).selectOption("1");
  await page.locator(".diff-old").getByText("Greet {{ name }}.").waitFor();
  // What is seen is in the address.
  await page.reload();
  await page.getByRole("button", { name: "Changes since v1" }).waitFor();
  await page.locator(".diff-new").getByText("in {{ language }}").waitFor();
  await page.getByRole("listbox", { name: "Versions" }).getByRole("option", { name: /v2/ }).click();
  await page.getByText("Try 2").first().waitFor();
  await done(page);
});

test("prompts of messages, which stock clients made, are read as such", async () => {
  const page = await open("/prompts/review");
  const first = page.getByRole("region", { name: "Message 1" });
  await first.getByText("system").waitFor();
  await first.locator("mark").getByText("{{ style }}").waitFor();
  await page.getByRole("region", { name: "Model" }).getByText("model_name").waitFor();
  expect(await axe(page)).toEqual([]);
  await done(page);
});

test("a logged model says what it takes, is tagged, and is registered", async () => {
  const page = await open(`${home}/models`);
  await page.getByRole("link", { name: "resnet34-1" }).click();
  await page.getByRole("button", { name: "Add tag" }).click();
  await page.getByRole("textbox", { name: "Key" }).fill("quantized");
  await page.getByRole("textbox", { name: "Value" }).fill("int8");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("quantized: int8").waitFor();
  await page.getByRole("button", { name: "Remove tag quantized" }).click();
  await page.getByText("quantized").waitFor({ state: "detached" });
  const id = /models\/(m-[0-9a-f]+)/.exec(page.url())?.[1] ?? "";
  await page.getByText(`pyfunc.load_model("models:/${id}")`).waitFor();
  expect(await axe(page)).toEqual([]);
  await page.getByRole("button", { name: "Register" }).click();
  await page.getByRole("combobox", { name: "Model, known or new" }).fill("from-a-model");
  await page.getByRole("button", { name: "Register" }).last().click();
  await page.getByRole("heading", { name: "Version 1" }).waitFor();
  await page.getByRole("link", { name: "Look at them" }).click();
  await page.getByRole("heading", { name: "resnet34-1" }).waitFor();
  await page.getByRole("link", { name: "Overview" }).click();
  await page.getByRole("region", { name: "Registered as" }).getByText("from-a-model version 1").waitFor();
  await done(page);
});

test("addresses of MLflow's pages of 1.x, 2.x and 3.x open what comes closest", async () => {
  const [first = "", second = ""] = demo.runs;
  const runs = encodeURIComponent(JSON.stringify([first, second]));
  await api("registered-models/create", { name: "with space 1" });
  for (const base of new Set([inject("url"), inject("prefixed")])) {
    const page = await open("/models", { base });
    for (const [hash, text] of [
      [`${home}/s?searchInput=${encodeURIComponent("params.optimizer = 'sgd'")}&orderByKey=attributes.start_time`, "sgd-"],
      [`${home}/runs/${last}/artifactPath/code/train.py`, "import torch"],
      [`/compare-runs?runs=${runs}&experiment=${demo.experiment}`, "Compare 2 runs"],
      [`/metric/train%2Floss?runs=${runs}&experiment=${demo.experiment}`, "Smoothing"],
      [`/compare-experiments/s?experiments=${encodeURIComponent(JSON.stringify([demo.experiment, "2"]))}`, "vision/resnet-sweep, "],
      [`/compare-model-versions?name="imagenet-classifier"&runs=${encodeURIComponent(JSON.stringify({ [first]: "1", [second]: "2" }))}`, "Compare 2 versions"],
      ["/models/imagenet-classifier/1", "Load it"],
      ["/models/with%20space%201/details", "No versions yet"],
      [`${home}?searchFilter=&orderByKey=metrics.%60val%2Floss%60&orderByAsc=true&compareRunsMode=CHART`, "Smoothing"],
      [`${home}/evaluation-runs?selectedRunUuid=${last}`, "Load this run"],
      [`${home}/overview/usage`, "runs"],
      [`${home}/traces/tr-1`, "Traces have no page here"],
      [`${home}/prompts/summarize`, "Version 2"],
      [`/runs/${last}`, "Load this run"],
    ] as const) {
      await page.goto(`${base}/#${hash}`);
      await page.getByText(text).first().waitFor();
    }
    await done(page);
  }
});
