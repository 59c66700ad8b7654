/** The part of a plane that is looked at. */

/** How much larger everything is than on the whole plane, and where the part begins, in units of the plane. */
export interface Window {
  zoom: number;
  x: number;
  y: number;
}

export interface Plane {
  width: number;
  height: number;
}

export const WHOLE: Window = { zoom: 1, x: 0, y: 0 };
const MOST_ZOOM = 64;

const between = (low: number, value: number, high: number) => Math.min(high, Math.max(low, value));

/** A window that lies on the plane. */
function inside({ zoom, x, y }: Window, { width, height }: Plane): Window {
  return { zoom, x: between(0, x, width - width / zoom), y: between(0, y, height - height / zoom) };
}

/** Comes nearer by a factor, or goes away; what is at (x, y) of the plane stays where it is seen. */
export function zoomed(window: Window, plane: Plane, factor: number, [x, y]: [number, number]): Window {
  const zoom = between(1, window.zoom * factor, MOST_ZOOM);
  const shrunk = window.zoom / zoom;
  return inside({ zoom, x: x - (x - window.x) * shrunk, y: y - (y - window.y) * shrunk }, plane);
}

/** Moves by so much of the plane. */
export function panned(window: Window, plane: Plane, right: number, down: number): Window {
  return inside({ ...window, x: window.x + right, y: window.y + down }, plane);
}

/** The middle of what is seen. */
export function middle({ zoom, x, y }: Window, { width, height }: Plane): [number, number] {
  return [x + width / zoom / 2, y + height / zoom / 2];
}
