import { recall, remember } from "../lib/storage";

export type Theme = "light" | "dark" | "system";

const dark = () => matchMedia("(prefers-color-scheme: dark)").matches;

export function chosenTheme(): Theme {
  return recall<Theme>("theme", "system");
}

export function applyTheme(theme: Theme): void {
  remember("theme", theme);
  show(theme);
}

function show(theme: Theme): void {
  const name = theme === "system" ? (dark() ? "dark" : "light") : theme;
  if (document.documentElement.dataset.theme === name) return;
  document.documentElement.dataset.theme = name;
  // Canvases cannot inherit colours; they are drawn anew.
  dispatchEvent(new Event("oxflow:theme"));
}

/** Called once, before anything is drawn. */
export function startTheme(): void {
  show(chosenTheme());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show(chosenTheme()));
}
