import { CircleAlert, Filter, X } from "lucide-react";
import { type KeyboardEvent, type Ref, useMemo, useState } from "react";
import { type Keys, complete } from "../../lib/complete";
import { IconButton } from "../../ui/Button";

interface Props {
  value: string;
  keys: Keys;
  error?: string;
  busy: boolean;
  onChange: (filter: string) => void;
  ref: Ref<HTMLInputElement>;
}

/** The filter in MLflow's words, with completion from what runs logged, and what is wrong with it below. */
export function FilterBox({ value, keys, error, busy, onChange, ref }: Props) {
  const [draft, setDraft] = useState(value);
  const [known, setKnown] = useState(value);
  const [cursor, setCursor] = useState(0);
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  if (known !== value) {
    setKnown(value);
    setDraft(value);
  }
  const completion = useMemo(() => complete(draft, cursor, keys), [draft, cursor, keys]);
  const options = open ? completion.options : [];
  const apply = (text: string) => {
    setOpen(false);
    setDraft(text);
    onChange(text.trim());
  };
  const take = (option: string) => {
    const next = draft.slice(0, completion.from) + option;
    setDraft(next + draft.slice(cursor));
    setCursor(next.length);
    setAt(-1);
  };
  const press = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "ArrowDown" && options.length) setAt((now) => (now + 1) % options.length);
    else if (event.key === "ArrowUp" && options.length) setAt((now) => (now <= 0 ? options.length - 1 : now - 1));
    else if ((event.key === "Tab" || event.key === "Enter") && options[at] !== undefined) take(options[at]);
    else if (event.key === "Enter") return apply(draft);
    else if (event.key === "Escape") {
      if (open) setOpen(false);
      else event.currentTarget.blur();
    } else return;
    event.preventDefault();
  };
  return (
    <div className="filter">
      <div className="search">
        <Filter aria-hidden />
        <input
          ref={ref}
          className={error ? "input mono bad" : "input mono"}
          role="combobox"
          aria-label="Filter runs"
          aria-expanded={options.length > 0}
          aria-controls="filter-options"
          aria-autocomplete="list"
          aria-activedescendant={options[at] === undefined ? undefined : `filter-option-${at}`}
          aria-invalid={Boolean(error)}
          placeholder={'metrics.accuracy > 0.9 AND params.model = "resnet"'}
          autoComplete="off"
          spellCheck={false}
          value={draft}
          onChange={(event) => {
            setDraft(event.target.value);
            setCursor(event.target.selectionStart ?? event.target.value.length);
            setOpen(true);
            setAt(-1);
            if (event.target.value === "") onChange("");
          }}
          onKeyDown={press}
          onBlur={() => setOpen(false)}
          onFocus={(event) => {
            setCursor(event.target.selectionStart ?? 0);
            setOpen(true);
          }}
        />
        {draft !== value && !busy && <span className="kbd hint-enter">Enter</span>}
        {draft && (
          <IconButton label="Clear the filter" small onClick={() => apply("")}>
            <X />
          </IconButton>
        )}
      </div>
      <ul id="filter-options" role="listbox" aria-label="Completions" className="menu filter-options" hidden={!options.length}>
        {options.map((option, index) => (
          <li
            key={option}
            id={`filter-option-${index}`}
            role="option"
            aria-selected={index === at}
            className="menu-item mono"
            data-highlighted={index === at ? "" : undefined}
            onMouseDown={(event) => {
              event.preventDefault();
              take(option);
            }}
          >
            {option}
          </li>
        ))}
      </ul>
      {error && (
        <p className="filter-error" role="alert">
          <CircleAlert size={13} />
          {error}
        </p>
      )}
    </div>
  );
}
