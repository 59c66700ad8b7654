import { Link, Outlet, useLocation } from "@tanstack/react-router";
import { Box, FlaskConical, Keyboard, MessageSquareQuote, Moon, PanelLeft, Search, Star, Sun } from "lucide-react";
import { Suspense, lazy, useEffect, useState } from "react";
import { useExperiments, useFavourites } from "./pages/experiments/useExperiments";
import { visited } from "./lib/recent";
import { recall, remember } from "./lib/storage";
import { SkeletonRows } from "./ui/bits";
import { applyTheme } from "./ui/theme";
import { HelpSheet } from "./HelpSheet";
import { useKeys } from "./ui/useKeys";

const Palette = lazy(() => import("./Palette"));

const PAGES = [
  { to: "/experiments", name: "Experiments", icon: FlaskConical },
  { to: "/models", name: "Models", icon: Box },
  { to: "/prompts", name: "Prompts", icon: MessageSquareQuote },
] as const;

/** What stands around every page. */
export function Shell() {
  const [narrow, setNarrow] = useState(() => recall("narrow", false));
  const [open, setOpen] = useState<"palette" | "help">();
  useEffect(() => remember("narrow", narrow), [narrow]);
  useVisits();
  useKeys({ "mod+k": () => setOpen("palette"), "?": () => setOpen("help"), "[": () => setNarrow((now) => !now), t: toggleTheme });
  return (
    <div className={narrow ? "app narrow" : "app"}>
      <nav className="side" aria-label="Main">
        <Link to="/experiments" className="brand" aria-label="Oxflow">
          <img src="icon.svg" alt="" />
          <span className="label">Oxflow</span>
        </Link>
        <button type="button" className="nav" aria-label="Search" onClick={() => setOpen("palette")}>
          <Search />
          <span className="label">Search</span>
          <span className="kbd">{/Mac/.test(navigator.userAgent) ? "⌘K" : "Ctrl K"}</span>
        </button>
        {PAGES.map(({ to, name, icon: Icon }) => (
          <Link key={to} to={to} className="nav" aria-label={name} activeOptions={{ exact: false, includeSearch: false }}>
            <Icon />
            <span className="label">{name}</span>
          </Link>
        ))}
        <Favourites />
        <div className="grow" />
        <button type="button" className="nav" aria-label="Keyboard shortcuts" onClick={() => setOpen("help")}>
          <Keyboard />
          <span className="label">Shortcuts</span>
          <span className="kbd">?</span>
        </button>
        <ThemeButton />
        <button type="button" className="nav" aria-label={narrow ? "Widen the sidebar" : "Narrow the sidebar"} onClick={() => setNarrow(!narrow)}>
          <PanelLeft />
          <span className="label">Collapse</span>
          <span className="kbd">[</span>
        </button>
      </nav>
      <main className="main">
        <Suspense fallback={<SkeletonRows />}>
          <Outlet />
        </Suspense>
      </main>
      {open === "palette" && (
        <Suspense>
          <Palette onClose={() => setOpen(undefined)} onTheme={toggleTheme} onHelp={() => setOpen("help")} onSidebar={() => setNarrow(!narrow)} />
        </Suspense>
      )}
      {open === "help" && <HelpSheet onClose={() => setOpen(undefined)} />}
    </div>
  );
}

/** A page that somebody stays on is one of the recent ones. Its title comes with what it shows. */
const STAY_MS = 1500;

function useVisits() {
  const { pathname } = useLocation();
  useEffect(() => {
    const timer = setTimeout(() => visited(pathname, document.title), STAY_MS);
    return () => clearTimeout(timer);
  }, [pathname]);
}

function toggleTheme() {
  applyTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
}

function ThemeButton() {
  const [theme, setTheme] = useState(document.documentElement.dataset.theme);
  useEffect(() => {
    const follow = () => setTheme(document.documentElement.dataset.theme);
    addEventListener("oxflow:theme", follow);
    return () => removeEventListener("oxflow:theme", follow);
  }, []);
  const dark = theme === "dark";
  return (
    <button type="button" className="nav" aria-label={dark ? "Light colours" : "Dark colours"} onClick={toggleTheme}>
      {dark ? <Sun /> : <Moon />}
      <span className="label">{dark ? "Light" : "Dark"}</span>
      <span className="kbd">T</span>
    </button>
  );
}

function Favourites() {
  const { ids } = useFavourites();
  const { data } = useExperiments("ACTIVE_ONLY");
  const shown = (data ?? []).filter((item) => ids.includes(item.experiment_id));
  if (!shown.length) return null;
  return (
    <>
      <div className="side-head">Favourites</div>
      <div className="side-list">
        {shown.map((item) => (
          <Link key={item.experiment_id} to="/experiments/$experimentId" params={{ experimentId: item.experiment_id }} className="nav" title={item.name}>
            <Star />
            <span className="label truncate">{item.name}</span>
          </Link>
        ))}
      </div>
    </>
  );
}
