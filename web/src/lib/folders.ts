/** Experiments as a tree of folders, from the slashes in their names. */
import type { Experiment } from "../api/types";

export interface FolderLine {
  kind: "folder";
  path: string;
  name: string;
  depth: number;
  count: number;
  open: boolean;
}

export interface ExperimentLine {
  kind: "experiment";
  experiment: Experiment;
  name: string;
  depth: number;
}

export type Line = FolderLine | ExperimentLine;

interface Folder {
  folders: Map<string, Folder>;
  experiments: [string, Experiment][];
  count: number;
}

const empty = (): Folder => ({ folders: new Map(), experiments: [], count: 0 });

/** The lines of the tree in which the folders of `closed` are closed. A folder of one shows its content instead. */
export function folderLines(experiments: Experiment[], closed: ReadonlySet<string>): Line[] {
  const root = empty();
  for (const experiment of experiments) {
    const parts = experiment.name.split("/").filter(Boolean);
    const name = parts.pop() ?? experiment.name;
    let at = root;
    for (const part of parts) {
      let next = at.folders.get(part);
      if (!next) at.folders.set(part, (next = empty()));
      next.count += 1;
      at = next;
    }
    at.experiments.push([name, experiment]);
  }
  const lines: Line[] = [];
  const walk = (folder: Folder, path: string, depth: number) => {
    for (const [name, below] of [...folder.folders].sort(([a], [b]) => a.localeCompare(b))) {
      const inside = `${path}${name}/`;
      const open = !closed.has(inside);
      lines.push({ kind: "folder", path: inside, name, depth, count: below.count, open });
      if (open) walk(below, inside, depth + 1);
    }
    for (const [name, experiment] of folder.experiments) lines.push({ kind: "experiment", experiment, name, depth });
  };
  walk(root, "", 0);
  return lines;
}

export function flatLines(experiments: Experiment[]): Line[] {
  return experiments.map((experiment) => ({ kind: "experiment", experiment, name: experiment.name, depth: 0 }));
}
