import { useState } from "react";
import { PALETTE } from "../../lib/color";
import { Popover } from "../../ui/Menu";

/** The colour of a run; pressed, it can be changed. */
export function ColorButton({ color, name, onColor }: { color: string; name: string; onColor: (color: string) => void }) {
  const [open, setOpen] = useState(false);
  const swatch = (
    <button type="button" className="swatch-button" aria-label={`Colour of ${name}`} onClick={() => setOpen(true)}>
      <span className="swatch" style={{ background: color }} />
    </button>
  );
  // A popover per row would cost more than the row.
  if (!open) return swatch;
  return (
    <Popover label="Colour" trigger={swatch} open onOpenChange={setOpen}>
      <div className="palette-grid">
        {PALETTE.map((option) => (
          <button
            key={option}
            type="button"
            aria-label={option}
            aria-pressed={option === color}
            className="swatch big"
            style={{ background: option }}
            onClick={() => {
              onColor(option);
              setOpen(false);
            }}
          />
        ))}
      </div>
    </Popover>
  );
}
