// Writes the types of the API as a running server describes it:
//
//     npm run types -- http://127.0.0.1:5000
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

/** The parts of the API that pages speak. */
const SPOKEN = /^\/api\/2\.0\/(mlflow\/(experiments|runs|artifacts\/list|logged-models|registered-models|model-versions)\b|oxflow\/)/;
const HEAD = "// Written by `npm run types` from what the server says at /openapi.json. Do not edit.\n\n";

/** Every message that a part of the document names, and what those name. */
function reachable(value, schemas, found = new Set()) {
  for (const [, name] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    if (found.has(name)) continue;
    found.add(name);
    reachable(schemas[name], schemas, found);
  }
  return found;
}

/** The text of `src/api/schema.ts`. */
export async function typesOf(url) {
  const document = await (await fetch(`${url}/openapi.json`)).json();
  const paths = Object.fromEntries(
    Object.entries(document.paths).filter(([path, verbs]) => SPOKEN.test(path) && Object.values(verbs).some((verb) => verb["x-status"] === "built")),
  );
  const { schemas, responses } = document.components;
  const needed = reachable({ paths, responses }, schemas);
  const kept = Object.fromEntries(Object.entries(schemas).filter(([name]) => needed.has(name)));
  const tree = await openapiTS({ ...document, paths, components: { schemas: kept, responses } }, { silent: true });
  return HEAD + astToString(tree);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [url] = process.argv.slice(2);
  if (!url) throw new Error("Usage: npm run types -- URL");
  await writeFile(fileURLToPath(new URL("../src/api/schema.ts", import.meta.url)), await typesOf(url));
}
