import { Dialog } from "./ui/Dialog";

const KEYS: [string, [string, string][]][] = [
  ["Everywhere", [["Ctrl K", "Find an experiment, a model, a run, a command"], ["?", "This sheet"], ["T", "Light or dark"], ["[", "Narrow or widen the sidebar"]]],
  [
    "Runs",
    [["/", "Filter"], ["1 to 7", "Table, charts, scatter, parallel coordinates, box plot, contours, images"], ["J and K", "Next and previous run"], ["X", "Select it"], ["O", "Open it"], ["H", "Show or hide it in charts"], ["C", "Compare what is selected"], ["P", "Pause or resume live updates"], ["Shift click", "Select a range"], ["Escape", "Clear the selection"]],
  ],
  ["Lists of experiments, models, prompts", [["/", "Search"], ["N", "A new one"]]],
  ["Charts", [["Drag", "Zoom all charts into a range"], ["Double click", "Zoom out"]]],
];

export function HelpSheet({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      {KEYS.map(([title, keys]) => (
        <section key={title} className="stack" style={{ gap: 6 }}>
          <h3 className="faint">{title}</h3>
          {keys.map(([key, text]) => (
            <div key={key} className="row">
              <span className="grow">{text}</span>
              <span className="kbd">{key}</span>
            </div>
          ))}
        </section>
      ))}
    </Dialog>
  );
}
