/** In which order charts stand. */
import { isSystemMetric } from "../../lib/columns";
import { sectionOf } from "../../lib/curves";
import { fuzzyScore } from "../../lib/fuzzy";

interface Section {
  name: string;
  metrics: string[];
}

/** Sections by what stands before the last slash; what the machine did comes last. */
export function sections(metrics: string[], filter: string, order: string[] = []): Section[] {
  const found = new Map<string, string[]>();
  const place = new Map(order.map((metric, at) => [metric, at]));
  const sorted = [...metrics].sort((a, b) => (place.get(a) ?? Infinity) - (place.get(b) ?? Infinity) || 0);
  for (const metric of sorted) {
    if (filter && !fuzzyScore(filter, metric)) continue;
    const name = isSystemMetric(metric) ? "system" : sectionOf(metric);
    found.set(name, [...(found.get(name) ?? []), metric]);
  }
  return [...found]
    .map(([name, list]) => ({ name, metrics: list }))
    .sort((a, b) => Number(a.name === "system") - Number(b.name === "system") || a.name.localeCompare(b.name));
}

/** A list in which one item stands right before or after another one. */
export function moved(list: string[], item: string, target: string, after: boolean): string[] {
  if (item === target || !list.includes(item) || !list.includes(target)) return list;
  const rest = list.filter((known) => known !== item);
  const at = rest.indexOf(target) + Number(after);
  return [...rest.slice(0, at), item, ...rest.slice(at)];
}
