import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Command } from "cmdk";
import { Box, FlaskConical, Hash, MessageSquareQuote } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { allModels } from "./api/registry";
import { run } from "./api/runs";
import { fuzzyFilter } from "./lib/fuzzy";
import { useExperiments } from "./pages/experiments/useExperiments";

const MOST = 30;
const RUN_ID = /^[0-9a-f]{32}$/;

/** Finds what people go to: experiments, models, a run by its id. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const element = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState("");
  const go = useNavigate();
  const { data: experiments = [] } = useExperiments("ACTIVE_ONLY");
  const { data: models = [] } = useQuery({ queryKey: ["models"], queryFn: ({ signal }) => allModels(undefined, signal) });
  const id = text.trim();
  const { data: found } = useQuery({ queryKey: ["run", id], queryFn: () => run(id), enabled: RUN_ID.test(id), retry: false });
  useEffect(() => {
    const dialog = element.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);
  const then = (action: () => unknown) => () => {
    onClose();
    action();
  };
  const shownExperiments = fuzzyFilter(text, experiments, (item) => item.name).slice(0, MOST);
  const shownModels = fuzzyFilter(text, models, (item) => item.name).slice(0, 10);
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
        <Command.Input autoFocus value={text} onValueChange={setText} placeholder="Experiment, model, or run ID" />
        <Command.List>
          <Command.Empty>Nothing fits.</Command.Empty>
          {found && (
            <Command.Group heading="Run">
              <Command.Item
                value={`run ${found.info.run_id}`}
                onSelect={then(() => go({ to: "/experiments/$experimentId/runs/$runId/$", params: { experimentId: found.info.experiment_id, runId: found.info.run_id } }))}
              >
                <Hash />
                {found.info.run_name}
              </Command.Item>
            </Command.Group>
          )}
          {shownExperiments.length > 0 && (
            <Command.Group heading="Experiments">
              {shownExperiments.map((item) => (
                <Command.Item
                  key={item.experiment_id}
                  value={`experiment ${item.experiment_id}`}
                  onSelect={then(() => go({ to: "/experiments/$experimentId", params: { experimentId: item.experiment_id } }))}
                >
                  <FlaskConical />
                  <span className="truncate">{item.name}</span>
                </Command.Item>
              ))}
            </Command.Group>
          )}
          {shownModels.length > 0 && (
            <Command.Group heading="Models">
              {shownModels.map((item) => (
                <Command.Item key={item.name} value={`model ${item.name}`} onSelect={then(() => go({ to: "/models/$name", params: { name: item.name } }))}>
                  <Box />
                  <span className="truncate">{item.name}</span>
                </Command.Item>
              ))}
            </Command.Group>
          )}
          {!text && (
            <Command.Group heading="Pages">
              <Command.Item value="page experiments" onSelect={then(() => go({ to: "/experiments" }))}>
                <FlaskConical />
                All experiments
              </Command.Item>
              <Command.Item value="page models" onSelect={then(() => go({ to: "/models" }))}>
                <Box />
                Registered models
              </Command.Item>
              <Command.Item value="page prompts" onSelect={then(() => go({ to: "/prompts" }))}>
                <MessageSquareQuote />
                Prompts
              </Command.Item>
            </Command.Group>
          )}
        </Command.List>
      </Command>
    </dialog>
  );
}
