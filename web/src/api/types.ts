/**
 * The messages of the API as pages read them: as the server describes them, with the fields that it always sends. The
 * description cannot tell those, as in protocol buffers nothing is required.
 */
import type { components } from "./schema";

type Schemas = components["schemas"];
/** A message in which some fields are always there. */
type With<T, K extends keyof T> = Omit<T, K> & Required<Pick<T, K>>;
/** A message in which fields hold other messages than described. */
type Holding<T, Fields> = Omit<T, keyof Fields> & Fields;

export type KeyValue = Required<Schemas["Tag"]>;
export type RunStatus = Required<Schemas["RunInfo"]>["status"];

interface Staged {
  lifecycle_stage: "active" | "deleted";
}

export type Experiment = Holding<With<Schemas["Experiment"], "experiment_id" | "name" | "artifact_location">, Staged & { tags?: KeyValue[] }>;

export type RunInfo = Holding<With<Schemas["RunInfo"], "run_id" | "experiment_id" | "status">, Staged>;

/** A number, or a text for one that JSON cannot hold. */
export type Double = number | string;

export type Metric = Holding<With<Schemas["Metric"], "key" | "timestamp">, { value: Double }>;

export type DatasetInput = Holding<Schemas["DatasetInput"], { dataset: With<Schemas["Dataset"], "name" | "digest">; tags?: KeyValue[] }>;

export interface Run {
  info: RunInfo;
  data?: { metrics?: Metric[]; params?: KeyValue[]; tags?: KeyValue[] };
  inputs?: { dataset_inputs?: DatasetInput[]; model_inputs?: With<Schemas["ModelInput"], "model_id">[] };
  outputs?: { model_outputs?: With<Schemas["ModelOutput"], "model_id">[] };
}

export type FileInfo = With<Schemas["FileInfo"], "path" | "is_dir">;

export type ModelVersion = Holding<With<Schemas["ModelVersion"], "name" | "version">, { tags?: KeyValue[] }>;

export type RegisteredModel = Holding<
  With<Schemas["RegisteredModel"], "name">,
  { latest_versions?: ModelVersion[]; tags?: KeyValue[]; aliases?: Required<Schemas["RegisteredModelAlias"]>[] }
>;

export interface LoggedModel {
  info: Holding<With<Schemas["LoggedModelInfo"], "model_id" | "experiment_id" | "name">, { tags?: KeyValue[] }>;
  data?: { params?: KeyValue[]; metrics?: Metric[] };
}

export type SavedView = With<Schemas["SavedView"], "view_id" | "name" | "state">;
export type Activity = With<Schemas["ExperimentActivity"], "experiment_id" | "runs" | "running">;
type NumberColumn = Holding<With<Schemas["NumberColumn"], "key">, { values?: Double[] }>;
type TextColumn = With<Schemas["TextColumn"], "key">;
/** Some columns of many runs. A column says which rows have something, and what. */
export type RunTable = Holding<
  Schemas["RunTableResponse"],
  { metrics?: NumberColumn[]; lowest?: NumberColumn[]; highest?: NumberColumn[]; params?: TextColumn[]; tags?: TextColumn[]; datasets?: Omit<TextColumn, "key"> }
>;
export type MetricRange = Holding<Required<Schemas["MetricRange"]>, { min: Double; max: Double }>;
/** The history of a metric of a run: points by their order. */
export type History = Holding<With<Schemas["Curve"], "run_id" | "steps">, { values: Double[] }>;
