import { useMemo, useState } from "react";
import { wordFilter } from "../../lib/fuzzy";
import { SearchBox } from "../../ui/bits";

interface Item {
  key: string;
  text: string;
  title: string;
}

/** Beyond this many, there is a box to search in. */
const FEW = 8;
/** Rows that are put into the page; the search finds the others. */
const MOST = 500;

/** Names and values, searched when they are many. */
export function KeyValues({ title, items, empty, right }: { title: string; items: Item[]; empty: string; right?: boolean }) {
  const [text, setText] = useState("");
  const found = useMemo(() => wordFilter(text, items, (item) => `${item.key} ${item.text}`), [items, text]);
  return (
    <section className="panel" aria-label={title}>
      <div className="panel-head">
        <h2>{title}</h2>
        <span className="faint num grow">{items.length}</span>
        {items.length > FEW && <SearchBox style={{ width: 180 }} placeholder={`Search ${title.toLowerCase()}`} value={text} onChange={(event) => setText(event.target.value)} />}
      </div>
      <div className="kv" tabIndex={0} role="list" aria-label={title}>
        {!items.length && <p className="faint kv-note">{empty}</p>}
        {found.slice(0, MOST).map((item) => (
          <div key={item.key} className="kv-row" role="listitem">
            <span className="truncate quiet" title={item.key}>
              {item.key}
            </span>
            <span className={right ? "num right" : "num"} title={item.title}>
              {item.text}
            </span>
          </div>
        ))}
        {found.length > MOST && <p className="faint kv-note">{found.length - MOST} more; search for them.</p>}
      </div>
    </section>
  );
}
