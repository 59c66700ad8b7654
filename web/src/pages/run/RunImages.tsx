import { useMemo } from "react";
import { colorOf } from "../../lib/color";
import type { Row } from "../../lib/columns";
import { Pictures } from "../images/Pictures";

/** The pictures that one run logged by key and step. */
export function RunImages({ row }: { row: Row }) {
  const { id, name } = row;
  const runs = useMemo(() => ({ ids: [id], starts: new Map<string, number>(), colorOf: (other: string) => colorOf(other), nameOf: () => name }), [id, name]);
  return (
    <div className="charts-main grow">
      <Pictures runs={runs} />
    </div>
  );
}
