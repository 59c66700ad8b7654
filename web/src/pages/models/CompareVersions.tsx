import { useQueries, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { GitCompare } from "lucide-react";
import { useEffect } from "react";
import { model as fetchModel, version as fetchVersion } from "../../api/registry";
import { run as fetchRun } from "../../api/runs";
import { column, toRow } from "../../lib/columns";
import type { CompareLine } from "../../lib/compare";
import { type ComparedVersion, versionSections } from "../../lib/compareVersions";
import { Button } from "../../ui/Button";
import { Empty, Failure, SkeletonRows } from "../../ui/bits";
import { CompareGrid } from "../compare/CompareGrid";
import { cellText } from "../runs/TableRow";
import { useModelFiles } from "./useModelFile";

/** Versions that are laid beside each other at most. */
const MOST = 20;

/** Versions of a model beside each other: what they are, what they take and give, and the runs they came from. */
export function CompareVersions() {
  const { name = "" } = useParams({ strict: false });
  const search: Record<string, unknown> = useSearch({ strict: false });
  const go = useNavigate();
  const numbers = (Array.isArray(search.versions) ? search.versions : []).map(String).slice(0, MOST);
  const differing = search.differing !== false;
  const { data: model } = useQuery({ queryKey: ["model", name], queryFn: () => fetchModel(name) });
  const found = useQueries({ queries: numbers.map((number) => ({ queryKey: ["version", name, number], queryFn: () => fetchVersion(name, number), retry: false })) });
  const versions = found.flatMap((query) => query.data ?? []);
  const runs = useQueries({ queries: versions.map(({ run_id: id }) => ({ queryKey: ["run", id ?? ""], queryFn: () => fetchRun(id ?? ""), enabled: Boolean(id), retry: false })) });
  const files = useModelFiles(versions.map((version) => ({ source: version.source ?? "", runId: version.run_id ?? "" })));
  useEffect(() => {
    document.title = `Compare versions of ${name} · Oxflow`;
  }, [name]);
  const error = found.find((query) => query.error)?.error;
  if (numbers.length < 2) return <Empty title="Nothing to compare">Choose two or more versions on the page of a model, and press Compare.</Empty>;
  if (error) return <Failure error={error} />;
  if (found.some((query) => query.isPending) || runs.some((query) => query.isLoading)) return <SkeletonRows count={12} />;
  const items = versions.map((version, at): ComparedVersion => {
    const run = runs[at]?.data;
    return {
      version,
      aliases: (model?.aliases ?? []).filter((known) => known.version === version.version).map(({ alias }) => alias),
      row: run && toRow(run),
      file: files[at],
    };
  });
  const sections = versionSections(items, differing);
  const ids = [...new Set(items.flatMap(({ row }) => row?.id ?? []))];
  const cell = (line: CompareLine, at: number): [string, string] => {
    const text = line.texts[at] ?? "";
    const row = items[at]?.row;
    return line.id.startsWith("metric:") && row ? cellText(row, { column: column(line.id) }) : [text.split("\n").join(", "), text];
  };
  return (
    <>
      <header className="head line">
        <div className="crumbs">
          <Link to="/models">Models</Link>
          <span>/</span>
          <Link to="/models/$name" params={{ name }} className="truncate">
            {name}
          </Link>
          <span>/</span>
          <h1 className="num">Compare {items.length} versions</h1>
        </div>
        <span className="grow" />
        <label className="check">
          <input
            type="checkbox"
            checked={differing}
            onChange={(event) => void go({ to: ".", search: (known: Record<string, unknown>) => ({ ...known, differing: event.target.checked ? undefined : false }), replace: true })}
          />
          Only differences
        </label>
        <Button disabled={ids.length < 2} onClick={() => void go({ to: "/compare-runs", search: { runs: ids } })}>
          <GitCompare />
          Compare their runs
        </Button>
      </header>
      {sections.length ? (
        <CompareGrid
          sections={sections}
          names={items.map(({ version }) => `Version ${version.version}`)}
          heads={items.map(({ version }) => (
            <Link key={version.version} to="/models/$name/versions/$version" params={{ name, version: version.version }} className="cell-link">
              Version {version.version}
            </Link>
          ))}
          cell={cell}
        />
      ) : (
        <Empty title="No differences">These versions are the same, but for their numbers.</Empty>
      )}
    </>
  );
}
