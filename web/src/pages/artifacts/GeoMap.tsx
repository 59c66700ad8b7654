import { useQuery } from "@tanstack/react-query";
import { Maximize, Minus, Plus } from "lucide-react";
import { type KeyboardEvent, memo, useMemo, useState } from "react";
import { type Owner, artifactText } from "../../api/artifacts";
import { assignColors } from "../../lib/color";
import { formatBytes, formatNumber, plural } from "../../lib/format";
import { type GeoMap as Map, type Shape, mapOf } from "../../lib/geo";
import { IconButton } from "../../ui/Button";
import { Empty, Failure, Skeleton } from "../../ui/bits";
import { useWindow } from "./useWindow";

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
        <Plane map={map} colors={colors} onPoint={setPointed} />
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

type OnPoint = (shape: Shape | undefined) => void;

const WALK: Record<string, [number, number]> = { ArrowLeft: [-0.15, 0], ArrowRight: [0.15, 0], ArrowUp: [0, -0.15], ArrowDown: [0, 0.15] };

function Plane({ map, colors, onPoint }: { map: Map; colors: ReadonlyMap<string, string>; onPoint: OnPoint }) {
  const { svg, zoom, viewBox, nearer, farther, whole, walk, handlers } = useWindow(map, MARGIN);
  const onKeyDown = (event: KeyboardEvent) => {
    const [right, down] = WALK[event.key] ?? [];
    if (right !== undefined && down !== undefined) walk(right, down);
    else if (event.key === "+") nearer();
    else if (event.key === "-") farther();
    else if (event.key === "0") whole();
    else return;
    event.preventDefault();
  };
  return (
    <div className="geo-plane" tabIndex={0} role="group" aria-label="Map; arrows move, plus and minus zoom" onKeyDown={onKeyDown}>
      <svg ref={svg} viewBox={viewBox} role="img" aria-label={`Map of ${plural(map.features, "feature")}`} className={zoom > 1 ? "near" : undefined} onMouseLeave={() => onPoint(undefined)} {...handlers}>
        <Shapes shapes={map.shapes} colors={colors} radius={6 / zoom} onPoint={onPoint} />
      </svg>
      <div className="geo-tools">
        <IconButton label="Zoom in" small onClick={nearer}>
          <Plus />
        </IconButton>
        <IconButton label="Zoom out" small disabled={zoom === 1} onClick={farther}>
          <Minus />
        </IconButton>
        <IconButton label="Show the whole map" small disabled={zoom === 1} onClick={whole}>
          <Maximize />
        </IconButton>
      </div>
    </div>
  );
}

/** Not drawn again while the map is moved: there may be thousands. */
const Shapes = memo(function Shapes({ shapes, colors, radius, onPoint }: { shapes: Shape[]; colors: ReadonlyMap<string, string>; radius: number; onPoint: OnPoint }) {
  return shapes.map((shape, at) => <ShapeMark key={at} shape={shape} color={colors.get(shape.group) ?? ""} radius={radius} onPoint={onPoint} />);
});

function ShapeMark({ shape, color, radius, onPoint }: { shape: Shape; color: string; radius: number; onPoint: OnPoint }) {
  const common = { onMouseEnter: () => onPoint(shape), className: `geo-${shape.kind}`, stroke: color };
  if (shape.at) return <circle {...common} cx={shape.at[0]} cy={shape.at[1]} r={radius} fill={color} />;
  return <path {...common} d={shape.path} fill={shape.kind === "area" ? color : "none"} />;
}
