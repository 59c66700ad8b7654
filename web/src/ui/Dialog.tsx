import { X } from "lucide-react";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { Button } from "./Button";

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
  foot?: ReactNode;
  wide?: boolean;
}

/** A window above the page. The browser's own element traps the focus and closes on Escape. */
export function Dialog({ title, onClose, children, foot, wide }: Props) {
  const element = useRef<HTMLDialogElement>(null);
  const name = useId();
  useEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    if (dialog && !dialog.open) dialog.showModal();
    // The browser would choose the button that closes.
    dialog?.querySelector<HTMLElement>("input, textarea, select")?.focus();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      className={wide ? "dialog wide" : "dialog"}
      aria-labelledby={name}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => event.target === element.current && onClose()}
    >
      <div className="dialog-head">
        <h2 id={name} className="grow truncate">
          {title}
        </h2>
        {/* No hint here: a hint that is open takes the Escape that is meant for the dialog. */}
        <Button look="ghost" small className="icon" aria-label="Close" onClick={onClose}>
          <X />
        </Button>
      </div>
      <div className="dialog-body">{children}</div>
      {foot && <div className="dialog-foot">{foot}</div>}
    </dialog>
  );
}

interface FormProps {
  title: string;
  action: string;
  danger?: boolean;
  busy?: boolean;
  disabled?: boolean;
  error?: string;
  onClose: () => void;
  onSubmit: () => void;
  children: ReactNode;
}

/** A dialog that asks for something and then does it. */
export function FormDialog({ title, action, danger, busy, disabled, error, onClose, onSubmit, children }: FormProps) {
  const form = useId();
  const foot = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button type="submit" form={form} look={danger ? "danger" : "primary"} disabled={busy || disabled}>
        {action}
      </Button>
    </>
  );
  return (
    <Dialog title={title} onClose={onClose} foot={foot}>
      <form
        id={form}
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit();
        }}
      >
        {children}
        {error && (
          <p className="notice bad" role="alert">
            {error}
          </p>
        )}
      </form>
    </Dialog>
  );
}
