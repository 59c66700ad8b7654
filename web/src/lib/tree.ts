import type { Row } from "./columns";

export interface Branch {
  row: Row;
  depth: number;
  children: number;
  open: boolean;
}

export const PARENT = "mlflow.parentRunId";

/** Rows with children below their parents. A child whose parent is not among the rows stands for itself. */
export function asTree(rows: Row[], closed: ReadonlySet<string>): Branch[] {
  const known = new Set(rows.map((row) => row.id));
  const children = new Map<string, Row[]>();
  const roots: Row[] = [];
  for (const row of rows) {
    const parent = row.tags.get(PARENT);
    if (parent && known.has(parent) && parent !== row.id) {
      const siblings = children.get(parent);
      if (siblings) siblings.push(row);
      else children.set(parent, [row]);
    } else roots.push(row);
  }
  const shown: Branch[] = [];
  const visited = new Set<string>();
  const add = (row: Row, depth: number) => {
    // Tags are whatever people write: a circle must not hang the page.
    if (visited.has(row.id)) return;
    visited.add(row.id);
    const below = children.get(row.id) ?? [];
    const open = !closed.has(row.id);
    shown.push({ row, depth, children: below.length, open });
    if (open) for (const child of below) add(child, depth + 1);
  };
  for (const row of roots) add(row, 0);
  return shown;
}

export function flat(rows: Row[]): Branch[] {
  return rows.map((row) => ({ row, depth: 0, children: 0, open: false }));
}
