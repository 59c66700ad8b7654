/** Small things that many pages show. */
import { Check, CircleAlert, Copy, Search } from "lucide-react";
import { type InputHTMLAttributes, type ReactNode, type Ref, useState } from "react";
import { ApiError, messageOf } from "../api/client";
import { Button, IconButton } from "./Button";

export function Skeleton({ width = "100%", height = 14 }: { width?: number | string; height?: number | string }) {
  return <div className="skeleton" style={{ width, height }} aria-hidden />;
}

export function SkeletonRows({ count = 8, height = 33 }: { count?: number; height?: number }) {
  return (
    <div role="status" aria-label="Loading" className="stack" style={{ padding: 16, gap: height - 14 }}>
      {Array.from({ length: count }, (_, at) => (
        <Skeleton key={at} width={`${92 - ((at * 17) % 40)}%`} />
      ))}
    </div>
  );
}

/** Browsers give the clipboard only to pages of this machine or with TLS; on others, the old way still works. */
export async function copyText(text: string): Promise<void> {
  if (window.isSecureContext) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  // Inside an open dialog, nothing outside of it can be selected.
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    await copyText(text);
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  };
  return (
    <IconButton label={done ? "Copied" : label} small onClick={() => void copy()}>
      {done ? <Check color="var(--good)" /> : <Copy />}
    </IconButton>
  );
}

export function Snippet({ code }: { code: string }) {
  return (
    <div className="snippet">
      <pre tabIndex={0}>
        <code>{code}</code>
      </pre>
      <CopyButton text={code} />
    </div>
  );
}

interface SearchProps extends InputHTMLAttributes<HTMLInputElement> {
  ref?: Ref<HTMLInputElement>;
}

export function SearchBox({ style, className = "", ...rest }: SearchProps) {
  return (
    <div className={`search ${className}`} style={style}>
      <Search aria-hidden />
      <input type="search" className="input" aria-label={rest.placeholder} autoComplete="off" spellCheck={false} {...rest} />
    </div>
  );
}

export function Empty({ title, children, code }: { title: string; children?: ReactNode; code?: string }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children && <div>{children}</div>}
      {code && <Snippet code={code} />}
    </div>
  );
}

/** What to show instead of a page that could not be had. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const missing = error instanceof ApiError && error.status === 404;
  return (
    <div className="empty" role="alert">
      <CircleAlert size={22} color="var(--bad)" />
      <h2>{missing ? "Not found" : "This could not be loaded"}</h2>
      <p>{messageOf(error)}</p>
      {missing && (
        <p>
          It may have been deleted for good, or be on another server.{" "}
          <a href="#/experiments" className="link">
            All experiments
          </a>
        </p>
      )}
      {retry && !missing && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}

export function Notice({ children }: { children: ReactNode }) {
  return (
    <div className="notice bad" role="alert">
      <CircleAlert />
      <span>{children}</span>
    </div>
  );
}

export function Segment<T extends string>(props: { value: T; options: [T, ReactNode][]; onChange: (value: T) => void; label: string }) {
  return (
    <div className="segment" role="group" aria-label={props.label}>
      {props.options.map(([value, name]) => (
        <button key={value} type="button" aria-pressed={value === props.value} onClick={() => props.onChange(value)}>
          {name}
        </button>
      ))}
    </div>
  );
}
