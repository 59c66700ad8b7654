import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { allModels, createModel } from "../../api/registry";
import type { RegisteredModel } from "../../api/types";
import { isPlainTag } from "../../lib/columns";
import { formatAgo, formatTime } from "../../lib/format";
import { fuzzyFilter } from "../../lib/fuzzy";
import { registerModel } from "../../lib/snippets";
import { Button } from "../../ui/Button";
import { NameDialog } from "../../ui/NameDialog";
import { Tip } from "../../ui/Tip";
import { Empty, Failure, SearchBox, SkeletonRows } from "../../ui/bits";
import { useKeys } from "../../ui/useKeys";

/** The registry. */
export function ModelsPage() {
  const [text, setText] = useState("");
  const [creating, setCreating] = useState(false);
  const box = useRef<HTMLInputElement>(null);
  const client = useQueryClient();
  const go = useNavigate();
  const { data, error, isPending, refetch } = useQuery({ queryKey: ["models"], queryFn: ({ signal }) => allModels(undefined, signal) });
  const found = useMemo(() => fuzzyFilter(text, data ?? [], (item) => `${item.name} ${tagText(item)}`), [text, data]);
  useKeys({ "/": () => box.current?.focus(), n: () => setCreating(true) });
  useEffect(() => {
    document.title = "Models · Oxflow";
  }, []);
  return (
    <>
      <header className="head">
        <h1>Models</h1>
        {data && <span className="faint num">{data.length}</span>}
        <span className="grow" />
        <Button look="primary" onClick={() => setCreating(true)}>
          <Plus />
          New model
        </Button>
      </header>
      <div className="bar" style={{ paddingTop: 0 }}>
        <SearchBox ref={box} style={{ width: 340 }} placeholder="Search names and tags" value={text} onChange={(event) => setText(event.target.value)} />
      </div>
      {error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : isPending ? (
        <SkeletonRows />
      ) : found.length ? (
        <div className="body" tabIndex={0} role="region" aria-label="Models">
          <table className="plain-table">
            <thead>
              <tr>
                <th>Name</th>
                <th className="right">Latest</th>
                <th>Aliases</th>
                <th>Tags</th>
                <th>Changed</th>
              </tr>
            </thead>
            <tbody>
              {found.map((item) => (
                <ModelRow key={item.name} model={item} />
              ))}
            </tbody>
          </table>
        </div>
      ) : text ? (
        <Empty title="No model fits" />
      ) : (
        <Empty title="No models yet" code={registerModel()}>
          Register a model of a run:
        </Empty>
      )}
      {creating && (
        <NameDialog
          title="New model"
          action="Create"
          onClose={() => setCreating(false)}
          onSave={async (name) => {
            await createModel(name);
            await client.invalidateQueries({ queryKey: ["models"] });
            await go({ to: "/models/$name", params: { name } });
          }}
        />
      )}
    </>
  );
}

function tagText(model: RegisteredModel): string {
  return (model.tags ?? []).map(({ key, value }) => `${key}:${value}`).join(" ");
}

function ModelRow({ model }: { model: RegisteredModel }) {
  const latest = Math.max(0, ...(model.latest_versions ?? []).map(({ version }) => Number(version)));
  return (
    <tr>
      <td>
        <Link to="/models/$name" params={{ name: model.name }} className="cell-link" style={{ fontWeight: 500 }}>
          {model.name}
        </Link>
      </td>
      <td className="right num">
        {latest ? (
          <Link to="/models/$name/versions/$version" params={{ name: model.name, version: String(latest) }} className="cell-link">
            v{latest}
          </Link>
        ) : (
          <span className="faint">–</span>
        )}
      </td>
      <td>
        <span className="row wrap" style={{ gap: 4 }}>
          {(model.aliases ?? []).map(({ alias, version }) => (
            <span key={alias} className="badge accent">
              @{alias} <span className="num">v{version}</span>
            </span>
          ))}
        </span>
      </td>
      <td>
        <span className="row wrap" style={{ gap: 4 }}>
          {(model.tags ?? []).filter(({ key }) => isPlainTag(key)).map(({ key, value }) => (
            <span key={key} className="badge">
              {key}: {value}
            </span>
          ))}
        </span>
      </td>
      <td className="quiet num">
        <Tip text={formatTime(model.last_updated_timestamp)}>
          <span>{formatAgo(model.last_updated_timestamp, Date.now())}</span>
        </Tip>
      </td>
    </tr>
  );
}
