/** What an `MLmodel` file says about a model. */
import { load } from "js-yaml";

export interface Field {
  name: string;
  type: string;
  optional: boolean;
}

export interface ModelFile {
  flavors: { name: string; version: string }[];
  inputs?: Field[];
  outputs?: Field[];
  params?: Field[];
  facts: [string, string][];
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const text = (value: unknown) => (typeof value === "string" || typeof value === "number" ? String(value) : "");

/** `float32 [?, 28, 28]`, `array of long`, `double`. */
function typeOf(spec: Record<string, unknown>): string {
  if (isRecord(spec["tensor-spec"])) {
    const { dtype, shape } = spec["tensor-spec"];
    const sides = Array.isArray(shape) ? shape.map((side) => (side === -1 ? "?" : text(side))) : [];
    return `${text(dtype)} [${sides.join(", ")}]`;
  }
  if (isRecord(spec.items)) return `array of ${typeOf(spec.items)}`;
  if (isRecord(spec.properties)) return `object (${Object.keys(spec.properties).join(", ")})`;
  return text(spec.type) || "?";
}

/** The fields of a part of a signature, which is JSON inside YAML. */
export function fieldsOf(part: unknown): Field[] | undefined {
  if (typeof part !== "string") return undefined;
  try {
    const list: unknown = JSON.parse(part);
    if (!Array.isArray(list)) return undefined;
    return list.filter(isRecord).map((spec, at) => ({ name: text(spec.name) || (list.length > 1 ? String(at) : "–"), type: typeOf(spec), optional: spec.required === false }));
  } catch {
    return undefined;
  }
}

const VERSIONS = ["sklearn_version", "pytorch_version", "keras_version", "xgb_version", "lgb_version", "transformers_version", "onnx_version", "python_version"];

/** Reads a file; `undefined` if it is none of a model. */
export function modelFileOf(source: string): ModelFile | undefined {
  let file: unknown;
  try {
    file = load(source);
  } catch {
    return undefined;
  }
  if (!isRecord(file)) return undefined;
  const flavors = isRecord(file.flavors) ? file.flavors : {};
  const signature = isRecord(file.signature) ? file.signature : {};
  const python = isRecord(flavors.python_function) ? text(flavors.python_function.python_version) : "";
  const size = Number(file.model_size_bytes);
  const facts: [string, string][] = [
    ["Created", text(file.utc_time_created) && `${text(file.utc_time_created).slice(0, 19)} UTC`],
    ["MLflow", text(file.mlflow_version)],
    ["Python", python],
    ["Size", Number.isFinite(size) && size > 0 ? `${Math.ceil(size / 1000)} KB` : ""],
    ["Model ID", text(file.model_id)],
    ["Run ID", text(file.run_id)],
  ];
  return {
    flavors: Object.entries(flavors).map(([name, about]) => ({ name, version: isRecord(about) ? text(VERSIONS.map((key) => about[key]).find(Boolean)) : "" })),
    inputs: fieldsOf(signature.inputs),
    outputs: fieldsOf(signature.outputs),
    params: fieldsOf(signature.params),
    facts: facts.filter(([, value]) => value),
  };
}
