/** The pages and their addresses. They stand behind `#`, and are those that MLflow's clients print. */
import { createHashHistory, createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { Shell } from "./Shell";
import { ExperimentPage } from "./pages/runs/ExperimentPage";
import { ExperimentsPage } from "./pages/experiments/ExperimentsPage";
import { NotFound } from "./pages/NotFound";
import { placeOf } from "./lib/links";

/** Pages read what they need of the query, and forgive the rest. */
export type Search = Record<string, unknown>;

const root = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  validateSearch: (search: Search): Search => search,
  beforeLoad: ({ location }) => {
    const place = placeOf(location.pathname, location.search);
    if (place) throw redirect({ to: place.path, search: place.search, replace: true });
  },
});
const at = <P extends string>(path: P) => ({ getParentRoute: () => root, path });

const home = createRoute({
  ...at("/"),
  beforeLoad: () => {
    throw redirect({ to: "/experiments" });
  },
});
const experiments = createRoute({ ...at("/experiments"), component: ExperimentsPage });
const experiment = createRoute({ ...at("/experiments/$experimentId"), component: ExperimentPage });
const experimentTab = createRoute({ ...at("/experiments/$experimentId/$tab"), component: ExperimentPage });
const experimentDeep = createRoute({ ...at("/experiments/$experimentId/$tab/$"), component: ExperimentPage });
const loggedModel = createRoute({
  ...at("/experiments/$experimentId/models/$modelId"),
  component: lazyRouteComponent(() => import("./pages/models/LoggedModelPage"), "LoggedModelPage"),
});
const runPage = lazyRouteComponent(() => import("./pages/run/RunPage"), "RunPage");
const runTab = createRoute({ ...at("/experiments/$experimentId/runs/$runId/$"), component: runPage });
const comparePage = lazyRouteComponent(() => import("./pages/compare/ComparePage"), "ComparePage");
const compare = createRoute({ ...at("/compare-runs"), component: comparePage });
const models = createRoute({ ...at("/models"), component: lazyRouteComponent(() => import("./pages/models/ModelsPage"), "ModelsPage") });
const model = createRoute({ ...at("/models/$name"), component: lazyRouteComponent(() => import("./pages/models/ModelPage"), "ModelPage") });
const versionPage = lazyRouteComponent(() => import("./pages/models/VersionPage"), "VersionPage");
const version = createRoute({ ...at("/models/$name/versions/$version"), component: versionPage });
const versions = createRoute({ ...at("/models/$name/compare"), component: lazyRouteComponent(() => import("./pages/models/CompareVersions"), "CompareVersions") });
const anyRun = createRoute({ ...at("/runs/$runId"), component: lazyRouteComponent(() => import("./pages/run/AnyRun"), "AnyRun") });
const prompts = createRoute({ ...at("/prompts"), component: lazyRouteComponent(() => import("./pages/prompts/PromptsPage"), "PromptsPage") });
const prompt = createRoute({ ...at("/prompts/$name"), component: lazyRouteComponent(() => import("./pages/prompts/PromptPage"), "PromptPage") });

const tree = root.addChildren([
  home, experiments, experiment, experimentTab, experimentDeep, loggedModel, runTab, anyRun, compare, models, model, version, versions, prompts, prompt,
]);

export const router = createRouter({ routeTree: tree, history: createHashHistory(), defaultPreload: false });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
