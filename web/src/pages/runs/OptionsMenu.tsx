import { SlidersHorizontal } from "lucide-react";
import type { Column } from "../../lib/columns";
import type { ViewState } from "../../lib/viewState";
import { Button } from "../../ui/Button";
import { Popover } from "../../ui/Menu";

interface Props {
  state: ViewState;
  columns: Column[];
  update: (change: Partial<ViewState>) => void;
}

/** Which runs, and how they stand below each other. */
export function OptionsMenu({ state, columns, update }: Props) {
  const active = Number(state.nested) + Number(state.differing) + Number(state.deleted) + state.groupBy.length;
  const groupable = columns.filter((item) => item.kind === "param" || item.kind === "tag" || ["user", "status", "dataset", "source"].includes(item.key));
  const box = (label: string, key: "nested" | "differing" | "deleted") => (
    <label className="check">
      <input type="checkbox" checked={state[key]} onChange={(event) => update({ [key]: event.target.checked })} />
      {label}
    </label>
  );
  return (
    <Popover
      label="Arrange"
      trigger={
        <Button on={active > 0}>
          <SlidersHorizontal />
          Arrange
          {active > 0 && <span className="num">{active}</span>}
        </Button>
      }
    >
      <div className="stack" style={{ gap: 10, width: 270 }}>
        {box("Children below their parents", "nested")}
        {box("Only columns that differ", "differing")}
        {box("Deleted runs", "deleted")}
        <label className="field">
          <span>Group by</span>
          <select
            className="input"
            value=""
            onChange={(event) => event.target.value && update({ groupBy: [...state.groupBy.filter((id) => id !== event.target.value), event.target.value] })}
          >
            <option value="">Add a column…</option>
            {groupable.map((item) => (
              <option key={item.id} value={item.id}>
                {item.label} ({item.kind})
              </option>
            ))}
          </select>
        </label>
        {state.groupBy.length > 0 && (
          <div className="row wrap" style={{ gap: 5 }}>
            {state.groupBy.map((id) => (
              <Button key={id} small aria-label={`Do not group by ${id}`} onClick={() => update({ groupBy: state.groupBy.filter((known) => known !== id) })}>
                {id.slice(id.indexOf(":") + 1)} ×
              </Button>
            ))}
          </div>
        )}
      </div>
    </Popover>
  );
}
