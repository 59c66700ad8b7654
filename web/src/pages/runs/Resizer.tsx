import { useRef } from "react";

const LEAST = 56;

/** The edge of a column, to be dragged. */
export function Resizer({ width, onResize }: { width: number; onResize: (width: number) => void }) {
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
      onPointerMove={(event) => {
        if (start.current) onResize(Math.max(LEAST, Math.round(start.current.width + event.clientX - start.current.x)));
      }}
      onPointerUp={() => {
        start.current = undefined;
      }}
    />
  );
}
