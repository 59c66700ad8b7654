import { CircleAlert, CircleCheck } from "lucide-react";
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";
import { messageOf } from "../api/client";

interface Toast {
  id: number;
  text: string;
  bad: boolean;
}

interface Say {
  ok: (text: string) => void;
  error: (error: unknown) => void;
}

const Context = createContext<Say>({ ok: () => undefined, error: () => undefined });

/** Tells people that something was done, or was not. */
export const useToast = () => useContext(Context);

const SHOWN_MS = 4000;
const SHOWN_BAD_MS = 10_000;

export function Toasts({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const add = useCallback((text: string, bad: boolean) => {
    const id = Date.now() + Math.random();
    setToasts((known) => [...known.slice(-3), { id, text, bad }]);
    setTimeout(() => setToasts((known) => known.filter((toast) => toast.id !== id)), bad ? SHOWN_BAD_MS : SHOWN_MS);
  }, []);
  const say = useMemo(() => ({ ok: (text: string) => add(text, false), error: (error: unknown) => add(messageOf(error), true) }), [add]);
  return (
    <Context.Provider value={say}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {toasts.map((toast) => (
          <div key={toast.id} className={toast.bad ? "toast bad" : "toast"}>
            {toast.bad ? <CircleAlert color="var(--bad)" /> : <CircleCheck color="var(--good)" />}
            <span>{toast.text}</span>
          </div>
        ))}
      </div>
    </Context.Provider>
  );
}
