import { useRef } from "react";
import type { ChartSize } from "../../lib/viewState";

const LEAST = 120;
const MOST = 900;

interface Start {
  x: number;
  y: number;
  width: number;
}

/** The corner of a chart, to be dragged: by columns across, by pixels down. */
export function ChartResizer({ size: [span, height], columns, onSize }: { size: ChartSize; columns: number; onSize: (size: ChartSize, done: boolean) => void }) {
  const start = useRef<Start>(undefined);
  const sizeAt = ({ x, y, width }: Start, event: React.PointerEvent): ChartSize => {
    const wide = Math.round((width + event.clientX - x) / (width / Math.min(span, columns)));
    const tall = Math.round((height + event.clientY - y) / 10) * 10;
    return [Math.min(columns, Math.max(1, wide)), Math.min(MOST, Math.max(LEAST, tall))];
  };
  return (
    <div
      className="chart-corner"
      aria-hidden
      onPointerDown={(event) => {
        event.preventDefault();
        start.current = { x: event.clientX, y: event.clientY, width: event.currentTarget.parentElement?.clientWidth ?? 1 };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => start.current && onSize(sizeAt(start.current, event), false)}
      onPointerUp={(event) => {
        if (start.current) onSize(sizeAt(start.current, event), true);
        start.current = undefined;
      }}
    />
  );
}
