/** The pages that were looked at last, for the palette. */
import { recall, remember } from "./storage";

export interface Visit {
  path: string;
  name: string;
}

const KEY = "recent";
const MOST = 7;
/** Pages of things, not lists: those are in the menu. */
const THINGS = /^\/(experiments|models|prompts)\/[^/]+/;

export function recentVisits(): Visit[] {
  return recall<Visit[]>(KEY, []).filter(({ path, name }) => typeof path === "string" && typeof name === "string");
}

/** The last visits with another one; a page stands there once, and parts of it are the page. */
export function withVisit(known: Visit[], path: string, title: string): Visit[] {
  const name = title.replace(/ · Oxflow$/, "");
  if (!THINGS.test(path) || !name || name === "Oxflow") return known;
  return [{ path, name }, ...known.filter((visit) => visit.name !== name && visit.path !== path)].slice(0, MOST);
}

export function visited(path: string, title: string): void {
  remember(KEY, withVisit(recentVisits(), path, title));
}
