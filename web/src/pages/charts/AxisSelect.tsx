import { type Column, GROUPS } from "../../lib/columns";

interface Props {
  label: string;
  value: string;
  options: Column[];
  /** What the empty choice is called, if there is one. */
  none?: string;
  onChange: (id: string) => void;
}

export function AxisSelect({ label, value, options, none, onChange }: Props) {
  return (
    <label className="row" style={{ gap: 6 }}>
      <span className="quiet">{label}</span>
      <select className="input" style={{ width: 190 }} value={value} onChange={(event) => onChange(event.target.value)}>
        {none !== undefined && <option value="">{none}</option>}
        {GROUPS.map(([kind, name]) => {
          const inside = options.filter((item) => item.kind === kind);
          return inside.length ? (
            <optgroup key={kind} label={name}>
              {inside.map((item) => (
                <option key={item.id} value={item.id}>
                  {item.label}
                </option>
              ))}
            </optgroup>
          ) : null;
        })}
      </select>
    </label>
  );
}
