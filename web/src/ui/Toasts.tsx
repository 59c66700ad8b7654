import { CircleAlert, CircleCheck } from "lucide-react";
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";
import { messageOf } from "../api/client";

interface Toast {
  id: number;
  text: string;
  bad: boolean;
  undo?: () => void;
}

interface Say {
  /** With `undo`, it can be taken back for a while. */
  ok: (text: string, undo?: () => void) => void;
  error: (error: unknown) => void;
}

const Context = createContext<Say>({ ok: () => undefined, error: () => undefined });

/** Tells people that something was done, or was not. */
export const useToast = () => useContext(Context);

const SHOWN_MS = 4000;
/** What went wrong, and what can be taken back, stays longer. */
const SHOWN_LONG_MS = 10_000;

export function Toasts({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const close = useCallback((id: number) => setToasts((known) => known.filter((toast) => toast.id !== id)), []);
  const add = useCallback((text: string, bad: boolean, undo?: () => void) => {
    const id = Date.now() + Math.random();
    setToasts((known) => [...known.slice(-3), { id, text, bad, undo }]);
    setTimeout(() => close(id), bad || undo ? SHOWN_LONG_MS : SHOWN_MS);
  }, [close]);
  const say = useMemo(() => ({ ok: (text: string, undo?: () => void) => add(text, false, undo), error: (error: unknown) => add(messageOf(error), true) }), [add]);
  return (
    <Context.Provider value={say}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {toasts.map((toast) => (
          <div key={toast.id} className={toast.bad ? "toast bad" : "toast"}>
            {toast.bad ? <CircleAlert color="var(--bad)" /> : <CircleCheck color="var(--good)" />}
            <span>{toast.text}</span>
            {toast.undo && (
              <button
                type="button"
                className="link"
                onClick={() => {
                  close(toast.id);
                  toast.undo?.();
                }}
              >
                Undo
              </button>
            )}
          </div>
        ))}
      </div>
    </Context.Provider>
  );
}
