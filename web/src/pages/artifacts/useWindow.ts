import { type PointerEvent, useEffect, useRef, useState } from "react";
import { type Plane, WHOLE, type Window, middle, panned, zoomed } from "../../lib/window";

/** A drag shorter than this is a click, in pixels. */
const STILL = 3;

/** Looks at a drawing from nearer, by wheel, by buttons and by dragging. `margin` is what stands around the plane. */
export function useWindow(plane: Plane, margin: number) {
  const svg = useRef<SVGSVGElement>(null);
  const [window, setWindow] = useState<Window>(WHOLE);
  const dragged = useRef<{ x: number; y: number; moving: boolean }>(undefined);
  const { width, height } = { width: plane.width + 2 * margin, height: plane.height + 2 * margin };

  // React's own listeners for wheels cannot keep the page from scrolling.
  useEffect(() => {
    const element = svg.current;
    if (!element) return;
    const turned = (event: WheelEvent) => {
      event.preventDefault();
      const at = placeOf(element, event, margin);
      const lines = event.deltaMode === 1 ? 30 : 1;
      if (at) setWindow((now) => zoomed(now, { width, height }, Math.exp(-event.deltaY * lines * 0.002), at));
    };
    element.addEventListener("wheel", turned, { passive: false });
    return () => element.removeEventListener("wheel", turned);
  }, [width, height, margin]);

  const step = (factor: number) => setWindow((now) => zoomed(now, { width, height }, factor, middle(now, { width, height })));
  const move = (right: number, down: number) => setWindow((now) => panned(now, { width, height }, right, down));
  return {
    svg,
    zoom: window.zoom,
    viewBox: [window.x - margin, window.y - margin, width / window.zoom, height / window.zoom].join(" "),
    nearer: () => step(1.6),
    farther: () => step(1 / 1.6),
    whole: () => setWindow(WHOLE),
    /** By a part of what is seen. */
    walk: (right: number, down: number) => move((right * width) / window.zoom, (down * height) / window.zoom),
    handlers: {
      onPointerDown: ({ clientX, clientY, button }: PointerEvent) => {
        if (button === 0) dragged.current = { x: clientX, y: clientY, moving: false };
      },
      onPointerMove: (event: PointerEvent<SVGSVGElement>) => {
        const from = dragged.current;
        const scale = svg.current?.getScreenCTM()?.a;
        if (!from || !scale) return;
        const [right, down] = [from.x - event.clientX, from.y - event.clientY];
        if (!from.moving && Math.hypot(right, down) < STILL) return;
        if (!from.moving) event.currentTarget.setPointerCapture(event.pointerId);
        dragged.current = { x: event.clientX, y: event.clientY, moving: true };
        move(right / scale, down / scale);
      },
      onPointerUp: () => {
        dragged.current = undefined;
      },
    },
  };
}

/** Where the pointer is, on a plane that begins with its margin. */
function placeOf(element: SVGSVGElement, { clientX, clientY }: WheelEvent, margin: number): [number, number] | undefined {
  const inverse = element.getScreenCTM()?.inverse();
  if (!inverse) return undefined;
  const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(inverse);
  return [x + margin, y + margin];
}
