import { ArrowDown, ArrowUp } from "lucide-react";
import type { HeaderActions } from "./HeaderCell";
import { Resizer } from "./Resizer";
import type { Marks } from "./useMarks";

const BY_NAME = "attribute:run_name";

/** The head of the column of names, with the box that selects all. */
export function NameHeader(props: { width: number; ids: string[]; marks: Marks; actions: HeaderActions; sort: string }) {
  const { ids, marks, actions, sort } = props;
  const every = ids.length > 0 && ids.every((id) => marks.selected.has(id));
  const some = ids.some((id) => marks.selected.has(id));
  const sorted = sort.replace(/^-/, "") === BY_NAME;
  return (
    <div role="columnheader" className="grid-name" aria-sort={sorted ? (sort.startsWith("-") ? "descending" : "ascending") : "none"} style={{ width: props.width }}>
      <input
        type="checkbox"
        aria-label="Select all loaded runs"
        checked={every}
        ref={(box) => {
          if (box) box.indeterminate = some && !every;
        }}
        onChange={() => marks.setSelected(every ? [] : ids)}
      />
      <button type="button" className="row grow head-label" onClick={() => actions.onSort(BY_NAME)}>
        Run
        {sorted && (sort.startsWith("-") ? <ArrowDown size={12} /> : <ArrowUp size={12} />)}
      </button>
      <Resizer width={props.width} onResize={(width, done) => actions.onResize("name", width, done)} />
    </div>
  );
}
