import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { PROMPTS, allModels } from "../../api/registry";
import { formatAgo, formatTime } from "../../lib/format";
import { fuzzyFilter } from "../../lib/fuzzy";
import { registerPrompt } from "../../lib/snippets";
import { Button } from "../../ui/Button";
import { useKeys } from "../../ui/useKeys";
import { EditPrompt } from "./EditPrompt";
import { Empty, Failure, SearchBox, SkeletonRows } from "../../ui/bits";

/** Prompts, which the registry keeps like models. */
export function PromptsPage() {
  const [text, setText] = useState("");
  const [creating, setCreating] = useState(false);
  const box = useRef<HTMLInputElement>(null);
  const client = useQueryClient();
  const go = useNavigate();
  useKeys({ "/": () => box.current?.focus(), n: () => setCreating(true) });
  const { data, error, isPending, refetch } = useQuery({ queryKey: ["prompts"], queryFn: ({ signal }) => allModels(PROMPTS, signal) });
  const found = useMemo(() => fuzzyFilter(text, data ?? [], (item) => item.name), [text, data]);
  useEffect(() => {
    document.title = "Prompts · Oxflow";
  }, []);
  return (
    <>
      <header className="head">
        <h1>Prompts</h1>
        {data && <span className="faint num">{data.length}</span>}
        <span className="grow" />
        <Button look="primary" onClick={() => setCreating(true)}>
          <Plus />
          New prompt
        </Button>
      </header>
      <div className="bar" style={{ paddingTop: 0 }}>
        <SearchBox ref={box} style={{ width: 340 }} placeholder="Search prompts" value={text} onChange={(event) => setText(event.target.value)} />
      </div>
      {error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : isPending ? (
        <SkeletonRows />
      ) : found.length ? (
        <div className="body" tabIndex={0} role="region" aria-label="Prompts">
          <table className="plain-table">
            <thead>
              <tr>
                <th>Name</th>
                <th className="right">Latest</th>
                <th>Aliases</th>
                <th>Changed</th>
              </tr>
            </thead>
            <tbody>
              {found.map((item) => (
                <tr key={item.name}>
                  <td>
                    <Link to="/prompts/$name" params={{ name: item.name }} className="cell-link" style={{ fontWeight: 500 }}>
                      {item.name}
                    </Link>
                  </td>
                  <td className="right num">{item.latest_versions?.[0] ? `v${item.latest_versions[0].version}` : "–"}</td>
                  <td>
                    <span className="row wrap" style={{ gap: 4 }}>
                      {item.aliases?.map(({ alias, version }) => (
                        <span key={alias} className="badge accent">
                          @{alias} v{version}
                        </span>
                      ))}
                    </span>
                  </td>
                  <td className="quiet num" title={formatTime(item.last_updated_timestamp)}>
                    {formatAgo(item.last_updated_timestamp, Date.now())}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : text ? (
        <Empty title="No prompt fits" />
      ) : (
        <Empty title="No prompts yet" code={registerPrompt()}>
          Write one here, or register one:
        </Empty>
      )}
      {creating && (
        <EditPrompt
          onClose={() => setCreating(false)}
          onSaved={async (name) => {
            await client.invalidateQueries({ queryKey: ["prompts"] });
            await go({ to: "/prompts/$name", params: { name } });
          }}
        />
      )}
    </>
  );
}
