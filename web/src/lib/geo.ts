/** From GeoJSON to shapes on a plane. */

export interface Shape {
  kind: "area" | "line" | "point";
  /** The outline, as SVG has it; empty for points. */
  path: string;
  /** Where a point is. */
  at?: [number, number];
  /** What distinguishes its feature, for its colour. */
  group: string;
  /** All that is said about its feature. */
  properties: [string, string][];
}

export interface GeoMap {
  shapes: Shape[];
  width: number;
  height: number;
  features: number;
  /** West, south, east, north, in degrees. */
  bounds: [number, number, number, number];
}

type Position = [number, number];

interface Geometry {
  type?: string;
  coordinates?: unknown;
  geometries?: unknown;
}

interface Feature {
  geometry: Geometry;
  properties: Record<string, unknown>;
}

/** Width of the plane; its height follows. Places are told to a hundredth, which is enough for a zoom by 64. */
const WIDTH = 1000;
const MOST_SHAPES = 20_000;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function featuresOf(value: unknown): Feature[] {
  if (!isRecord(value)) return [];
  if (value.type === "FeatureCollection") return Array.isArray(value.features) ? value.features.flatMap(featuresOf) : [];
  const properties = isRecord(value.properties) ? value.properties : {};
  if (value.type === "Feature") return isRecord(value.geometry) ? [{ geometry: value.geometry, properties }] : [];
  return "coordinates" in value || "geometries" in value ? [{ geometry: value, properties: {} }] : [];
}

function isPosition(value: unknown): value is Position {
  return Array.isArray(value) && value.length >= 2 && Number.isFinite(value[0]) && Number.isFinite(value[1]);
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const line = (value: unknown): Position[] => list(value).filter(isPosition);

interface Raw {
  kind: Shape["kind"];
  lines: Position[][];
}

/** The parts of a geometry, whatever its kind. */
function partsOf({ type, coordinates, geometries }: Geometry): Raw[] {
  switch (type) {
    case "Point":
      return isPosition(coordinates) ? [{ kind: "point", lines: [[coordinates]] }] : [];
    case "MultiPoint":
      return line(coordinates).map((position) => ({ kind: "point", lines: [[position]] }));
    case "LineString":
      return [{ kind: "line", lines: [line(coordinates)] }];
    case "MultiLineString":
      return [{ kind: "line", lines: list(coordinates).map(line) }];
    case "Polygon":
      return [{ kind: "area", lines: list(coordinates).map(line) }];
    case "MultiPolygon":
      return list(coordinates).map((polygon) => ({ kind: "area", lines: list(polygon).map(line) }));
    case "GeometryCollection":
      return list(geometries).flatMap((geometry) => (isRecord(geometry) ? partsOf(geometry) : []));
    default:
      return [];
  }
}

/** What a feature is told from others by: the first of its properties that is a short text. */
function groupOf(properties: Record<string, unknown>): string {
  return Object.values(properties).find((value): value is string => typeof value === "string" && value.length < 40) ?? "";
}

/** Shapes of everything in a document; `undefined` if there is nothing to draw. Throws what `JSON.parse` throws. */
export function mapOf(text: string): GeoMap | undefined {
  const features = featuresOf(JSON.parse(text) as unknown);
  const raw = features.flatMap((feature) => partsOf(feature.geometry).map((part) => ({ part, feature }))).filter(({ part }) => part.lines.some((positions) => positions.length));
  if (!raw.length) return undefined;
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { part } of raw) {
    for (const [x, y] of part.lines.flat()) {
      west = Math.min(west, x);
      east = Math.max(east, x);
      south = Math.min(south, y);
      north = Math.max(north, y);
    }
  }
  // A degree of longitude is shorter the farther from the equator it is.
  const squeeze = Math.abs(north) <= 90 && Math.abs(south) <= 90 ? Math.max(0.05, Math.cos((((south + north) / 2) * Math.PI) / 180)) : 1;
  const span = Math.max((east - west) * squeeze, (north - south) / 2, 1e-9);
  const place = ([x, y]: Position): [number, number] => [(WIDTH * (x - west) * squeeze) / span, (WIDTH * (north - y)) / span];
  const path = (positions: Position[], close: boolean) => (positions.length ? `M${positions.map((position) => place(position).map((part) => part.toFixed(2)).join(" ")).join("L")}${close ? "Z" : ""}` : "");
  const shapes = raw.slice(0, MOST_SHAPES).map(({ part, feature }): Shape => {
    const position = part.lines[0]?.[0];
    return {
      kind: part.kind,
      path: part.kind === "point" ? "" : part.lines.map((positions) => path(positions, part.kind === "area")).join(""),
      at: part.kind === "point" && position ? place(position) : undefined,
      group: groupOf(feature.properties),
      properties: Object.entries(feature.properties).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
    };
  });
  return { shapes, width: Math.max(1, (WIDTH * (east - west) * squeeze) / span), height: Math.max(1, (WIDTH * (north - south)) / span), features: features.length, bounds: [west, south, east, north] };
}
