import { useRef } from "react";

const LEAST = 56;

function wide(start: { x: number; width: number }, x: number): number {
  return Math.max(LEAST, Math.round(start.width + x - start.x));
}

/** The edge of a column, to be dragged. */
export function Resizer({ width, onResize }: { width: number; onResize: (width: number, done: boolean) => void }) {
  const start = useRef<{ x: number; width: number }>(undefined);
  return (
    <div
      className="resizer"
      aria-hidden
      onClick={(event) => event.stopPropagation()}
      onPointerDown={(event) => {
        event.preventDefault();
        event.stopPropagation();
        start.current = { x: event.clientX, width };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => start.current && onResize(wide(start.current, event.clientX), false)}
      onPointerUp={(event) => {
        if (start.current) onResize(wide(start.current, event.clientX), true);
        start.current = undefined;
      }}
    />
  );
}
