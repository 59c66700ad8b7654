/** A browser for the tests of a file, and what they ask of its pages. */
import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, type BrowserContextOptions, type Page, chromium } from "playwright-core";
import { afterAll, beforeAll, expect, inject, onTestFailed } from "vitest";

const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** Machines that test are busy. */
const WAIT_MS = 40_000;

let browser: Browser;

/** To be called once in a file. */
export function withBrowser(): void {
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: EXECUTABLE, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  });
  afterAll(async () => {
    await browser.close();
  });
}

/** Opens a page of its own at an address behind `#`, and complains of whatever the browser complains of. */
export async function open(hash: string, options: BrowserContextOptions & { base?: string } = {}): Promise<Page> {
  const { base = inject("url"), ...rest } = options;
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce", ...rest });
  context.setDefaultTimeout(WAIT_MS);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  onTestFailed(() => console.error(`${page.url()}\n${complaints.join("\n")}`));
  errors.set(page, complaints);
  await page.goto(`${base}/#${hash}`);
  return page;
}

const errors = new WeakMap<Page, string[]>();

/** Closes a page and makes sure that nothing went wrong in it but what is expected to. */
export async function done(page: Page, expected?: RegExp): Promise<void> {
  await page.context().close();
  expect((errors.get(page) ?? []).filter((text) => !expected?.test(text))).toEqual([]);
}

/** What axe finds wrong with a page, in short; by these rules only, if given. */
export async function axe(page: Page, rules?: string[]): Promise<string[]> {
  const builder = new AxeBuilder({ page });
  const { violations } = await (rules ? builder.withRules(rules) : builder.withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"])).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.slice(0, 3).map((node) => `${id}: ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`));
}

/** Asks the server itself. */
export async function api<T>(path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${inject("url")}/api/2.0/mlflow/${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
