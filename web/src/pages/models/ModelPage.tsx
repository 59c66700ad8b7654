import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { Ellipsis, GitCompare, Pencil, Plus, Trash2 } from "lucide-react";
import { useEffect, useState } from "react";
import {
  createVersion, deleteModel, deleteModelTag, describeModel, model as fetchModel, quoted, renameModel, setModelTag, versions,
} from "../../api/registry";
import type { ModelVersion, RegisteredModel } from "../../api/types";
import { formatAgo, formatTime } from "../../lib/format";
import { Button, IconButton } from "../../ui/Button";
import { EditableNote } from "../../ui/EditableNote";
import { Menu } from "../../ui/Menu";
import { ConfirmDialog, NameDialog } from "../../ui/NameDialog";
import { Tags } from "../../ui/Tags";
import { Empty, Failure, SkeletonRows } from "../../ui/bits";
import { Aliases } from "./Aliases";

/** A registered model: what it is, and its versions. */
export function ModelPage() {
  const { name = "" } = useParams({ strict: false });
  const client = useQueryClient();
  const { data, error, isPending, refetch } = useQuery({ queryKey: ["model", name], queryFn: () => fetchModel(name) });
  const { data: list = [] } = useQuery({ queryKey: ["versions", name], queryFn: () => versions(`name = ${quoted(name)}`) });
  useEffect(() => {
    document.title = `${name} · Oxflow`;
  }, [name]);
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (isPending) return <SkeletonRows />;
  const refresh = () => Promise.all(["model", "models", "versions"].map((key) => client.invalidateQueries({ queryKey: [key] })));
  return (
    <>
      <header className="head line">
        <div className="crumbs grow">
          <Link to="/models">Models</Link>
          <span>/</span>
          <h1 className="truncate">{name}</h1>
          <Actions model={data} refresh={refresh} />
        </div>
      </header>
      <div className="body pad">
        <div className="split">
          <div className="stack" style={{ gap: 24 }}>
            <EditableNote title="Description" text={data.description ?? ""} onSave={(text) => describeModel(name, text).then(refresh)} />
            <section className="panel" aria-label="Versions">
              {list.length ? (
                <Versions model={data} list={list} refresh={refresh} />
              ) : (
                <>
                  <div className="panel-head">
                    <h2>Versions</h2>
                  </div>
                  <Empty title="No versions yet" />
                </>
              )}
            </section>
          </div>
          <aside className="stack" style={{ gap: 16 }}>
            <dl className="facts">
              <dt>Created</dt>
              <dd className="num">{formatTime(data.creation_timestamp)}</dd>
              <dt>Changed</dt>
              <dd className="num">{formatTime(data.last_updated_timestamp)}</dd>
            </dl>
            <section className="stack" aria-label="Tags">
              <h2>Tags</h2>
              <Tags tags={data.tags ?? []} onSet={(key, value) => setModelTag(name, key, value).then(refresh)} onDelete={(key) => deleteModelTag(name, key).then(refresh)} />
            </section>
          </aside>
        </div>
      </div>
    </>
  );
}

function Versions({ model, list, refresh }: { model: RegisteredModel; list: ModelVersion[]; refresh: () => Promise<unknown> }) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const go = useNavigate();
  const toggle = (version: string) => setChosen(new Set(chosen.has(version) ? [...chosen].filter((known) => known !== version) : [...chosen, version]));
  return (
    <>
      <div className="panel-head">
        <h2>Versions</h2>
        <span className="faint num grow">{list.length}</span>
        <Button small disabled={chosen.size < 2} title="Choose two or more versions" onClick={() => void go({ to: "/models/$name/compare", params: { name: model.name }, search: { versions: [...chosen].sort((a, b) => Number(a) - Number(b)) } })}>
          <GitCompare />
          Compare
        </Button>
      </div>
      <table className="plain-table">
        <thead>
          <tr>
            <th style={{ width: 34 }}>
              <span className="sr">Choose</span>
            </th>
            <th>Version</th>
            <th>Aliases</th>
            <th>Stage</th>
            <th>Description</th>
            <th>Created</th>
          </tr>
        </thead>
        <tbody>
          {list.map((item) => (
            <tr key={item.version}>
              <td>
                <input type="checkbox" aria-label={`Choose version ${item.version}`} checked={chosen.has(item.version)} onChange={() => toggle(item.version)} />
              </td>
              <td>
                <Link to="/models/$name/versions/$version" params={{ name: model.name, version: item.version }} className="cell-link num" style={{ fontWeight: 500 }}>
                  Version {item.version}
                </Link>
              </td>
              <td>
                <Aliases model={model} version={item.version} onChanged={refresh} />
              </td>
              <td>{item.current_stage && item.current_stage !== "None" ? <span className="badge info">{item.current_stage}</span> : <span className="faint">–</span>}</td>
              <td className="quiet truncate" style={{ maxWidth: 260 }} title={item.description}>
                {item.description}
              </td>
              <td className="quiet num" title={formatTime(item.creation_timestamp)}>
                {formatAgo(item.creation_timestamp, Date.now())}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Actions({ model, refresh }: { model: RegisteredModel; refresh: () => Promise<unknown> }) {
  const [asking, setAsking] = useState<"rename" | "delete" | "version">();
  const go = useNavigate();
  const { name } = model;
  const close = () => setAsking(undefined);
  return (
    <>
      <Menu
        align="start"
        trigger={
          <IconButton label="Model actions" small>
            <Ellipsis />
          </IconButton>
        }
        items={[
          { label: "Rename", icon: <Pencil />, onSelect: () => setAsking("rename") },
          null,
          { label: "Delete", icon: <Trash2 />, danger: true, onSelect: () => setAsking("delete") },
        ]}
      />
      <span className="grow" />
      <Button onClick={() => setAsking("version")}>
        <Plus />
        New version
      </Button>
      {asking === "rename" && (
        <NameDialog
          title="Rename model"
          action="Rename"
          initial={name}
          onClose={close}
          onSave={async (next) => {
            await renameModel(name, next);
            await go({ to: "/models/$name", params: { name: next } });
            await refresh();
          }}
        />
      )}
      {asking === "version" && (
        <NameDialog title="New version" action="Register" label="Source, such as runs:/<run id>/model" onClose={close} onSave={(source) => createVersion(name, source, /^runs:\/([^/]+)/.exec(source)?.[1]).then(refresh)} />
      )}
      {asking === "delete" && (
        <ConfirmDialog
          title={`Delete ${name}?`}
          text="All its versions go with it, for good. The artifacts of the runs stay."
          action="Delete"
          onClose={close}
          onConfirm={async () => {
            await deleteModel(name);
            await go({ to: "/models" });
            await refresh();
          }}
        />
      )}
    </>
  );
}
