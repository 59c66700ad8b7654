/** What runs say of their datasets: JSON within JSON, by kind of dataset. Forgiving: it is for looking. */
import type { Field } from "./mlmodel";
import { fieldsOf, isRecord } from "./mlmodel";

export interface DatasetFacts {
  /** Columns or tensors, by part where there are several. */
  parts: [string, Field[]][];
  /** How many rows and the like. */
  profile: [string, string][];
  source: string;
}

function parsed(text: string | undefined): unknown {
  try {
    return text ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

const PARTS = { features: "Features", targets: "Targets", outputs: "Outputs", predictions: "Predictions" } as const;

function partsOf(schema: unknown): [string, Field[]][] {
  if (!isRecord(schema)) return [];
  const list = (value: unknown) => fieldsOf(typeof value === "string" ? value : JSON.stringify(value)) ?? [];
  if ("mlflow_colspec" in schema) return [["Columns", list(schema.mlflow_colspec)]];
  const tensors = isRecord(schema.mlflow_tensorspec) ? schema.mlflow_tensorspec : schema;
  return Object.entries(PARTS).flatMap(([key, name]): [string, Field[]][] => {
    const fields = list(tensors[key]);
    return fields.length ? [[name, fields]] : [];
  });
}

/** The one address of a source, or all that it says. */
function sourceOf(text: string | undefined): string {
  const source = parsed(text);
  if (!isRecord(source)) return text ?? "";
  const place = source.uri ?? source.path ?? source.url ?? source.table_name ?? source.query ?? source.delta_table_name;
  return typeof place === "string" ? place : JSON.stringify(source, null, 2);
}

function profileOf(profile: unknown): [string, string][] {
  if (!isRecord(profile)) return [];
  return Object.entries(profile).map(([key, value]) => [key.replace(/^num_/, "").replaceAll("_", " "), typeof value === "string" || typeof value === "number" ? String(value) : JSON.stringify(value)]);
}

export function datasetFacts(dataset: { schema?: string; profile?: string; source?: string }): DatasetFacts {
  return { parts: partsOf(parsed(dataset.schema)), profile: profileOf(parsed(dataset.profile)), source: sourceOf(dataset.source) };
}
