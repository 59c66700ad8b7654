/**
 * Addresses that the pages of MLflow 1.x, 2.x and 3.x have, and ours have not. They stand in training logs, tickets and
 * bookmarks, and open what comes closest.
 */

export interface Place {
  /** A path of ours, encoded. */
  path: string;
  search: Record<string, unknown>;
}

type Search = Record<string, unknown>;
type Rule = [RegExp, (parts: string[], search: Search) => Place];

const RUN = "[0-9a-zA-Z]+";

/** A list in a query: a list, one thing, or what some versions write as text within text. */
function listOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  if (typeof value === "number") return [String(value)];
  if (typeof value !== "string" || !value) return [];
  try {
    const inner: unknown = JSON.parse(value);
    return Array.isArray(inner) ? inner.map(String) : [value];
  } catch {
    return value.split(",");
  }
}

/** `{"<run>": "<version>"}`, as lists of versions to compare are written; several versions of a run have a list. */
function versionsOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return listOf(value);
  return Object.values(value).flatMap((item) => (Array.isArray(item) ? item.map(String) : [String(item)]));
}

const runPlace = (experiment: string, run: string, rest = ""): Place => ({ path: `/experiments/${experiment}/runs/${run}/${rest}`, search: {} });

const RULES: Rule[] = [
  [/^\/experiments\/([^/]+)\/s\/?$/, ([id], search) => ({ path: `/experiments/${id}`, search })],
  [new RegExp(`^/experiments/([^/]+)/runs/(${RUN})/artifactPath/?(.*)$`), ([id = "", run = "", path]) => runPlace(id, run, path ? `artifacts/${path}` : "artifacts")],
  [new RegExp(`^/experiments/([^/]+)/evaluation-runs/(${RUN})`), ([id = "", run = ""]) => runPlace(id, run)],
  [/^\/experiments\/[^/]+\/prompts\/?$/, () => ({ path: "/prompts", search: {} })],
  [/^\/experiments\/[^/]+\/prompts\/([^/]+)\/?$/, ([name], search) => ({ path: `/prompts/${name}`, search })],
  [
    /^\/experiments\/([^/]+)\/models\/(m-[^/]+)\/(\w[\w-]*)\/?(.*)$/,
    ([id, model, tab, path]) => ({ path: `/experiments/${id}/models/${model}`, search: tab === "artifacts" ? { tab, ...(path ? { path: decodeURIComponent(path) } : {}) } : {} }),
  ],
  [/^\/compare-experiments(?:\/.*)?$/, (_, { experiments, ...search }) => ({ path: `/experiments/${listOf(experiments).join(",")}`, search })],
  [
    /^\/compare-model-versions\/?$/,
    (_, { name, runs, versions }) => ({ path: `/models/${encodeURIComponent(String(name ?? ""))}/compare`, search: { versions: versions ? listOf(versions) : versionsOf(runs) } }),
  ],
  [
    /^\/metric(?:\/(.*))?$/,
    ([key], { runs, metric, plot_metric_keys: plotted }) => {
      const metrics = listOf(plotted);
      const shown = metrics[0] ?? (typeof metric === "string" ? metric : decodeURIComponent(key ?? ""));
      return { path: "/compare-runs", search: { runs: listOf(runs), shape: "charts", ...(shown ? { metric: shown } : {}) } };
    },
  ],
  [/^\/models\/([^/]+)\/(\d+)\/?$/, ([name, version]) => ({ path: `/models/${name}/versions/${version}`, search: {} })],
  [/^\/models\/([^/]+)\/(?!versions|compare)[^/]+\/?$/, ([name]) => ({ path: `/models/${name}`, search: {} })],
];

/** How pages of MLflow name the arrangement of a table of runs. */
const OLD_STATE = ["searchFilter", "searchInput", "orderByKey", "orderByAsc", "lifecycleFilter", "compareRunsMode", "selectedRunUuid"];
const MODES: Record<string, string> = { CHART: "charts", CHARTS: "charts" };
const KINDS: Record<string, string> = { attributes: "attribute", metrics: "metric", params: "param", tags: "tag" };
const ATTRIBUTE_NAMES: Record<string, string> = { Created: "start_time", "Start Time": "start_time", Date: "start_time", Duration: "duration", User: "user", Source: "source", Status: "status" };

function sortOf(key: unknown, ascending: unknown): string | undefined {
  const [, kind = "", name = ""] = /^(attributes|metrics|params|tags)\.[`"]?(.+?)[`"]?$/.exec(String(key)) ?? [];
  if (!kind) return undefined;
  const known = kind === "attributes" ? (ATTRIBUTE_NAMES[name] ?? name) : name;
  return `${ascending === true || ascending === "true" ? "" : "-"}${KINDS[kind]}:${known}`;
}

/** The arrangement of a table in our words; what we have no word for is left out. */
function arrangementOf(search: Search): Search {
  const found: Search = {};
  const filter = search.searchFilter ?? search.searchInput;
  const sort = search.orderByKey === undefined ? undefined : sortOf(search.orderByKey, search.orderByAsc);
  const mode = MODES[String(search.compareRunsMode)];
  if (filter) found.filter = String(filter);
  if (sort && sort !== "-attribute:start_time") found.sort = sort;
  if (search.lifecycleFilter === "Deleted") found.deleted = true;
  if (mode) found.mode = mode;
  return found;
}

/** Where an address of MLflow's pages leads; `undefined` for one that is ours. Paths are encoded. */
export function placeOf(path: string, search: Search): Place | undefined {
  for (const [pattern, place] of RULES) {
    const found = pattern.exec(path);
    if (!found) continue;
    const { path: to, search: rest } = place(found.slice(1).map((part) => part ?? ""), search);
    return placeOf(to, rest) ?? { path: to, search: rest };
  }
  const experiment = /^\/experiments\/([^/]+)(?:\/[^/]+)?\/?$/.exec(path)?.[1];
  if (!experiment || !OLD_STATE.some((key) => key in search)) return undefined;
  const run = search.selectedRunUuid;
  if (typeof run === "string" && run) return runPlace(experiment, run);
  return { path: path.replace(/\/$/, ""), search: arrangementOf(search) };
}
