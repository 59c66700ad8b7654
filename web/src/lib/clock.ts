/** One clock for everything that counts seconds; it stands still while nobody looks. */
import { useSyncExternalStore } from "react";

const TICK_MS = 1000;
const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function tick() {
  now = Date.now();
  for (const listener of listeners) listener();
}

function adjust() {
  const wanted = listeners.size > 0 && !document.hidden;
  if (wanted && timer === undefined) {
    timer = setInterval(tick, TICK_MS);
    tick();
  } else if (!wanted && timer !== undefined) {
    clearInterval(timer);
    timer = undefined;
  }
}

function subscribe(listener: () => void) {
  if (!listeners.size) document.addEventListener("visibilitychange", adjust);
  listeners.add(listener);
  adjust();
  return () => {
    listeners.delete(listener);
    adjust();
    if (!listeners.size) document.removeEventListener("visibilitychange", adjust);
  };
}

/** The time, by the second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
