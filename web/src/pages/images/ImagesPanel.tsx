import { useMemo } from "react";
import { LOGGED_IMAGES } from "../../lib/images";
import type { PanelProps } from "../charts/ChartsPanel";
import { RunList } from "../charts/RunList";
import { Pictures } from "./Pictures";

/** The runs at the left, their pictures at the right. */
export default function ImagesPanel({ rows, marks }: PanelProps) {
  const { visible, colorOf } = marks;
  const idText = rows.filter((row) => visible.has(row.id) && row.tags.has(LOGGED_IMAGES)).map((row) => row.id).join();
  const ids = useMemo(() => (idText ? idText.split(",") : []), [idText]);
  const names = useMemo(() => new Map(rows.map((row) => [row.id, row.name])), [rows]);
  const runs = { ids, starts: new Map<string, number>(), colorOf, nameOf: (id: string) => names.get(id) ?? id };
  return (
    <div className="charts">
      <RunList rows={rows} marks={marks} />
      <div className="charts-main">
        <Pictures runs={runs} />
      </div>
    </div>
  );
}
