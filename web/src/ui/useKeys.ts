import { useEffect, useRef } from "react";

/** `mod` is Ctrl, or Cmd on a Mac. */
function nameOf(event: KeyboardEvent): string {
  const mod = event.ctrlKey || event.metaKey ? "mod+" : "";
  return mod + (event.key.length === 1 ? event.key.toLowerCase() : event.key);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Keyboard shortcuts while something is shown. Without a modifier they wait until nobody types. */
export function useKeys(keys: Record<string, (event: KeyboardEvent) => void>): void {
  const current = useRef(keys);
  useEffect(() => {
    current.current = keys;
  });
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const name = nameOf(event);
      const action = current.current[name];
      if (!action || event.altKey) return;
      if (!name.startsWith("mod+") && (isTyping(event.target) || document.querySelector("dialog[open]"))) return;
      event.preventDefault();
      action(event);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}
