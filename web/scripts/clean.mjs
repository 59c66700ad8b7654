// Empties dist, but for what keeps the folder in the repository: cargo looks at it, with and without pages in it.
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));
mkdirSync(dist, { recursive: true });
for (const name of readdirSync(dist)) {
  if (name !== ".gitignore") rmSync(dist + name, { recursive: true });
}
