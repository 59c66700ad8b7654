import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { type Owner, artifactText } from "../../api/artifacts";
import { assignColors } from "../../lib/color";
import { formatBytes, formatNumber, plural } from "../../lib/format";
import { type Shape, mapOf } from "../../lib/geo";
import { Empty, Failure, Skeleton } from "../../ui/bits";

/** A map is drawn of a whole file only. */
const LARGEST = 20_000_000;
const MOST_GROUPS = 12;
/** Around the shapes, in units of the plane. */
const MARGIN = 20;

function mapOrWhy(text: string) {
  try {
    return { map: mapOf(text) };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

/** The shapes of a GeoJSON file, without a map behind them: nothing is loaded from elsewhere. */
export default function GeoMap({ owner, path }: { owner: Owner; path: string }) {
  const { data, error, isPending, refetch } = useQuery({ queryKey: ["artifact", owner, path, "whole"], queryFn: ({ signal }) => artifactText(owner, path, LARGEST, signal) });
  const [pointed, setPointed] = useState<Shape>();
  const { map, why } = useMemo(() => (data?.whole ? mapOrWhy(data.text) : { map: undefined }), [data]);
  const colors = useMemo(() => assignColors(new Set(map?.shapes.map(({ group }) => group))), [map]);
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (isPending) return <div style={{ padding: 16 }}><Skeleton height={200} /></div>;
  if (!data.whole) return <Empty title="Too large for a map">The file has {formatBytes(data.total)}. Its beginning is shown under Source.</Empty>;
  if (!map) return <Empty title="Nothing to draw">{why ?? "There are no shapes in this file."} Look at its source.</Empty>;
  const groups = [...new Set(map.shapes.map(({ group }) => group))].filter(Boolean).slice(0, MOST_GROUPS);
  const [west, south, east, north] = map.bounds.map((degree) => formatNumber(degree, 6));
  return (
    <div className="files-frame">
      <p className="files-note info num">
        {plural(map.features, "feature")} between {west}, {south} and {east}, {north}
      </p>
      <div className="geo">
        <svg viewBox={`${-MARGIN} ${-MARGIN} ${map.width + 2 * MARGIN} ${map.height + 2 * MARGIN}`} role="img" aria-label={`Map of ${plural(map.features, "feature")}`} onMouseLeave={() => setPointed(undefined)}>
          {map.shapes.map((shape, at) => (
            <ShapeMark key={at} shape={shape} color={colors.get(shape.group) ?? ""} onPoint={setPointed} />
          ))}
        </svg>
        <aside className="geo-side">
          {groups.map((group) => (
            <span key={group} className="row" style={{ gap: 6 }}>
              <span className="swatch" style={{ background: colors.get(group) }} />
              <span className="truncate">{group}</span>
            </span>
          ))}
          <dl className="geo-facts" aria-live="polite">
            {pointed?.properties.map(([key, value]) => (
              <div key={key}>
                <dt className="faint">{key}</dt>
                <dd className="truncate">{value}</dd>
              </div>
            ))}
          </dl>
        </aside>
      </div>
    </div>
  );
}

function ShapeMark({ shape, color, onPoint }: { shape: Shape; color: string; onPoint: (shape: Shape) => void }) {
  const common = { onMouseEnter: () => onPoint(shape), className: `geo-${shape.kind}`, stroke: color };
  if (shape.at) return <circle {...common} cx={shape.at[0]} cy={shape.at[1]} r={6} fill={color} />;
  return <path {...common} d={shape.path} fill={shape.kind === "area" ? color : "none"} />;
}
