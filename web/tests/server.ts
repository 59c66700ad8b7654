/** Starts the server on a demo of its own, to which the stock client adds what only it makes. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TestProject } from "vitest/node";

const repository = resolve(import.meta.dirname, "../..");
const binary = process.env.OXFLOW_BIN ?? join(repository, "target/debug/oxflow");
const venvs = process.env.OXFLOW_VENVS ?? join(repository, ".venvs");
const START_MS = 90_000;

export interface Demo {
  experiment: string;
  runs: string[];
}

declare module "vitest" {
  interface ProvidedContext {
    url: string;
    prefixed: string;
    demo: Demo;
  }
}

function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const probe = createServer();
    probe.on("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => found(typeof address === "object" && address ? address.port : 0));
    });
  });
}

async function start(folder: string, prefix: string): Promise<{ process: ChildProcess; url: string }> {
  const port = await freePort();
  const options = ["server", "--host", "127.0.0.1", "--port", String(port), "--backend-store-uri", `sqlite:///${folder}/mlflow.db`];
  const child = spawn(binary, [...options, ...(prefix ? ["--static-prefix", prefix] : [])], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  const url = `http://127.0.0.1:${port}${prefix}`;
  const deadline = Date.now() + START_MS;
  for (;;) {
    const answer = await fetch(`${url}/health`).catch(() => undefined);
    if (answer?.ok) return { process: child, url };
    if (Date.now() > deadline || child.exitCode !== null) throw new Error(`${binary} did not start at ${url}`);
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

/** The pages of `web/dist` in front of a server whose own are older: for looking at a change without compiling. */
async function preview(server: string): Promise<{ process: ChildProcess; url: string }> {
  const port = await freePort();
  const child = spawn(join(repository, "web/node_modules/.bin/vite"), ["preview", "--host", "127.0.0.1", "--port", String(port)], { cwd: join(repository, "web"), stdio: "ignore", env: { ...process.env, OXFLOW_URL: server } });
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + START_MS;
  while (!(await fetch(url).catch(() => undefined))?.ok) {
    if (Date.now() > deadline) throw new Error(`vite did not start at ${url}`);
    await new Promise((wake) => setTimeout(wake, 50));
  }
  return { process: child, url };
}

export default async function setup(project: TestProject) {
  if (!existsSync(binary)) throw new Error(`There is no ${binary}; run make build.`);
  const folder = mkdtempSync(join(tmpdir(), "oxflow-pages-"));
  execFileSync(binary, ["demo", "--backend-store-uri", `sqlite:///${folder}/mlflow.db`, "--runs", "12", "--steps", "60"], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  const servers = [await start(folder, ""), await start(folder, "/under/this")];
  const [first, second] = servers;
  const python = join(venvs, "mlflow-3.17.2/bin/python");
  const output = execFileSync(python, [join(repository, "web/tests/stock.py"), first?.url ?? ""], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: "true" },
  });
  const line = output.split("\n").find((text) => text.startsWith('{"experiment"'));
  if (!line) throw new Error(`stock.py said: ${output}`);
  if (process.env.PAGES === "dist" && first) servers.unshift(await preview(first.url));
  project.provide("url", servers[0]?.url ?? "");
  // Behind a prefix stand the pages of the binary, which are older than what is looked at.
  project.provide("prefixed", (process.env.PAGES === "dist" ? servers[0]?.url : second?.url) ?? "");
  project.provide("demo", JSON.parse(line) as Demo);
  return async () => {
    await Promise.all(
      servers.map(({ process: child }) => new Promise((gone) => {
        child.on("exit", gone);
        child.kill("SIGTERM");
      })),
    );
    rmSync(folder, { recursive: true, force: true });
  };
}
