// Compresses what was built and lists it in dist/files.txt, from which crates/server/build.rs embeds it. A line is
// a path, its content type, and a hash of what is in it, separated by tabs.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { extname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

function* files(folder) {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* files(path);
    else if (types[extname(name)]) yield path;
  }
}

const lines = [];
const sizes = { first: 0, later: 0 };
for (const path of files(dist)) {
  const data = readFileSync(path);
  const name = relative(dist, path).replaceAll("\\", "/");
  const hash = createHash("sha256").update(data).digest("hex").slice(0, 20);
  lines.push([name, types[extname(path)], hash].join("\t"));
  if (extname(path) === ".woff2") continue;
  const gzip = gzipSync(data, { level: 9 });
  writeFileSync(path + ".gz", gzip);
  writeFileSync(path + ".br", brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } }));
  sizes[/index\.(html|js|css)$|index-/.test(name) ? "first" : "later"] += gzip.length;
}
// Written last: without it, cargo embeds nothing.
writeFileSync(join(dist, "files.txt"), lines.join("\n") + "\n");
console.log(`first load ${(sizes.first / 1024).toFixed(0)} KB gzip, on demand ${(sizes.later / 1024).toFixed(0)} KB`);
