import { useQuery } from "@tanstack/react-query";
import { useLocation, useNavigate } from "@tanstack/react-router";
import { Command } from "cmdk";
import { Box, CircleDot, Clock, FlaskConical, Hash, Keyboard, LayoutGrid, Link2, MessageSquareQuote, Moon, PanelLeft } from "lucide-react";
import { type ReactNode, useDeferredValue, useEffect, useRef, useState } from "react";
import { PROMPTS, allModels } from "./api/registry";
import { run, searchRuns } from "./api/runs";
import type { Run } from "./api/types";
import { fuzzyFilter } from "./lib/fuzzy";
import { recentVisits } from "./lib/recent";
import { useExperiments } from "./pages/experiments/useExperiments";
import { copyText } from "./ui/bits";

const MOST = 30;
const MOST_RUNS = 8;
/** Experiments whose runs are searched by name when none is open: the server reads the names of all their runs. */
const MOST_SEARCHED = 100;
const RUN_ID = /^[0-9a-f]{32}$/;

interface Props {
  onClose: () => void;
  onTheme: () => void;
  onHelp: () => void;
  onSidebar: () => void;
}

interface Entry {
  id: string;
  name: string;
  icon: ReactNode;
  /** What stands at the right. */
  hint?: string;
  action: () => unknown;
}

const MODES = ["Table", "Charts", "Scatter", "Parallel", "Box", "Contour"];

/** Runs whose names contain a text: those of the experiment that is open, or else of the latest experiments. */
function useNamedRuns(text: string, experimentIds: string[]): Run[] {
  const wanted = useDeferredValue(text.trim());
  const enabled = wanted.length > 1 && !/['"\\%]/.test(wanted) && !RUN_ID.test(wanted) && experimentIds.length > 0;
  const search = { experimentIds, filter: `attributes.run_name ILIKE '%${wanted}%'`, orderBy: ["attributes.start_time DESC"], deleted: false };
  const { data } = useQuery({
    queryKey: ["named-runs", experimentIds, wanted],
    queryFn: async ({ signal }) => {
      // Nobody waits for what stands between two letters.
      await new Promise((wake) => setTimeout(wake, 150));
      signal.throwIfAborted();
      return searchRuns(search, MOST_RUNS, undefined, signal);
    },
    enabled,
    retry: false,
  });
  return enabled ? (data?.runs ?? []) : [];
}

/** Finds what people go to (experiments, models, prompts, runs by name or id, recent pages), and does what they do often. */
export default function Palette({ onClose, onTheme, onHelp, onSidebar }: Props) {
  const element = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState("");
  const go = useNavigate();
  const { pathname } = useLocation();
  const { data: experiments = [] } = useExperiments("ACTIVE_ONLY");
  const { data: models = [] } = useQuery({ queryKey: ["models"], queryFn: ({ signal }) => allModels(undefined, signal) });
  const { data: prompts = [] } = useQuery({ queryKey: ["prompts"], queryFn: ({ signal }) => allModels(PROMPTS, signal) });
  const id = text.trim();
  const { data: found } = useQuery({ queryKey: ["run", id], queryFn: () => run(id), enabled: RUN_ID.test(id), retry: false });
  const open = /^\/experiments\/([\d,]+)/.exec(pathname)?.[1];
  const named = useNamedRuns(text, open ? open.split(",") : experiments.slice(0, MOST_SEARCHED).map((item) => item.experiment_id));
  useEffect(() => {
    const dialog = element.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);
  const isTable = /^\/experiments\/[\d,]+(\/runs)?\/?$/.test(pathname);
  const names = new Map(experiments.map((item) => [item.experiment_id, item.name]));
  const runEntry = (item: Run): Entry => ({
    id: `run ${item.info.run_id}`,
    name: item.info.run_name ?? item.info.run_id,
    icon: RUN_ID.test(id) ? <Hash /> : <CircleDot />,
    hint: names.get(item.info.experiment_id),
    action: () => go({ to: "/experiments/$experimentId/runs/$runId/$", params: { experimentId: item.info.experiment_id, runId: item.info.run_id } }),
  });
  const commands: Entry[] = [
    ...(isTable ? MODES.map((name) => ({ id: `mode ${name}`, name: `Show runs as ${name.toLowerCase()}`, icon: <LayoutGrid />, action: () => go({ to: ".", search: (known: Record<string, unknown>) => ({ ...known, mode: name.toLowerCase() }) }) })) : []),
    { id: "link", name: "Copy a link to this page", icon: <Link2 />, action: () => copyText(location.href) },
    { id: "theme", name: "Switch between light and dark", icon: <Moon />, hint: "T", action: onTheme },
    { id: "sidebar", name: "Narrow or widen the sidebar", icon: <PanelLeft />, hint: "[", action: onSidebar },
    { id: "help", name: "Keyboard shortcuts", icon: <Keyboard />, hint: "?", action: onHelp },
  ];
  const pages: Entry[] = [
    { id: "page experiments", name: "All experiments", icon: <FlaskConical />, action: () => go({ to: "/experiments" }) },
    { id: "page models", name: "Registered models", icon: <Box />, action: () => go({ to: "/models" }) },
    { id: "page prompts", name: "Prompts", icon: <MessageSquareQuote />, action: () => go({ to: "/prompts" }) },
  ];
  const recent = recentVisits()
    .filter((visit) => visit.path !== pathname)
    .map((visit): Entry => ({ id: `recent ${visit.path}`, name: visit.name, icon: <Clock />, action: () => location.assign(`#${visit.path}`) }));
  const groups: [string, Entry[]][] = [
    ["Recent", text ? [] : recent],
    ["Runs", (found ? [found] : named).map(runEntry)],
    [
      "Experiments",
      fuzzyFilter(text, experiments, (item) => item.name)
        .slice(0, text ? MOST : 8)
        .map((item) => ({ id: `experiment ${item.experiment_id}`, name: item.name, icon: <FlaskConical />, action: () => go({ to: "/experiments/$experimentId", params: { experimentId: item.experiment_id } }) })),
    ],
    [
      "Models",
      fuzzyFilter(text, models, (item) => item.name)
        .slice(0, text ? 10 : 5)
        .map((item) => ({ id: `model ${item.name}`, name: item.name, icon: <Box />, action: () => go({ to: "/models/$name", params: { name: item.name } }) })),
    ],
    [
      "Prompts",
      (text ? fuzzyFilter(text, prompts, (item) => item.name) : [])
        .slice(0, 10)
        .map((item) => ({ id: `prompt ${item.name}`, name: item.name, icon: <MessageSquareQuote />, action: () => go({ to: "/prompts/$name", params: { name: item.name } }) })),
    ],
    ["Pages", fuzzyFilter(text, pages, (item) => item.name)],
    ["Commands", fuzzyFilter(text, commands, (item) => item.name)],
  ];
  return (
    <dialog
      ref={element}
      className="dialog palette"
      aria-label="Search"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => event.target === element.current && onClose()}
    >
      <Command label="Search" shouldFilter={false} loop>
        <Command.Input autoFocus value={text} onValueChange={setText} placeholder="Experiment, model, run by name or ID, command" />
        <Command.List>
          <Command.Empty>Nothing fits.</Command.Empty>
          {groups.map(
            ([heading, entries]) =>
              entries.length > 0 && (
                <Command.Group key={heading} heading={heading}>
                  {entries.map((entry) => (
                    <Command.Item
                      key={entry.id}
                      value={entry.id}
                      onSelect={() => {
                        onClose();
                        entry.action();
                      }}
                    >
                      {entry.icon}
                      <span className="truncate">{entry.name}</span>
                      {entry.hint && <span className="hint truncate">{entry.hint}</span>}
                    </Command.Item>
                  ))}
                </Command.Group>
              ),
          )}
        </Command.List>
      </Command>
    </dialog>
  );
}
