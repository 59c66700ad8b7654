//! Statements whose text depends on the dialect, made once: the write path must not build text.

use crate::dialect::Dialect;
use crate::moving::points;
use crate::session::Lock;
use crate::{dataset, dataset_record, garbage, label_schema};

/// The texts.
pub struct Statements {
    /// Arguments: run, key, value, timestamp, step, is_nan.
    pub insert_metric: String,
    /// Arguments: run, key, value, timestamp, step, is_nan.
    pub upsert_latest_metric: String,
    /// Arguments: model, experiment, run, name, timestamp, step, value, dataset name and digest.
    pub insert_model_metric: String,
    /// `metrics`, to be read by run, key and step. The primary key begins with the metric's key
    /// and holds whole rows; SQLite would rather walk the points of all runs in it than look up
    /// the rows of one.
    pub metrics_of_run: String,
    /// See [`Dialect::delete_points`]: [`garbage::CHUNK`] of them.
    pub delete_points: String,
    /// The end of a query; arguments: how many rows, and how many to skip.
    pub page: &'static str,
    /// See [`Dialect::first`]: for the summaries of datasets.
    pub first_summaries: (String, String),
    /// For the points of a run.
    pub first_points: (String, String),
    /// Arguments: run, key, value.
    pub insert_param: String,
    /// Arguments: run, key, value.
    pub upsert_tag: String,
    /// Whether writers lock rows and not the database, so that they have to write in one order.
    pub locks_rows: bool,
    /// See [`Dialect::new_number`].
    pub new_number: Option<&'static str>,
    /// Arguments: experiment, key, value.
    pub upsert_experiment_tag: String,
    /// Arguments: model, key, experiment, value.
    pub upsert_model_tag: String,
    /// Arguments: workspace, key, name, value.
    pub upsert_registered_model_tag: String,
    /// Arguments: workspace, key, name, version, value.
    pub upsert_version_tag: String,
    /// Arguments: workspace, name, alias, version.
    pub upsert_alias: String,
    /// Arguments: experiment, name, digest, uuid, source type, source, schema, profile.
    pub insert_dataset: String,
    /// Arguments: uuid, source type, source, destination type, destination, step.
    pub insert_input: String,
    /// Arguments: dataset, key, value.
    pub upsert_evaluation_tag: String,
    /// Arguments: those of `dataset_record::NEW`.
    pub insert_dataset_record: String,
    /// Arguments: id, source type, source, destination type, destination, time.
    pub insert_association: String,
    /// Arguments: id, experiment, name, key of the name, type, owner, two times.
    pub insert_review_queue: String,
    /// Arguments: queue, item type, item, status, two times.
    pub insert_review_item: String,
    /// Arguments: those of `label_schema::NEW`.
    pub insert_label_schema: String,
    /// Arguments: experiment, name, id.
    pub insert_scorer: String,
}

impl Statements {
    /// The texts for a dialect.
    pub fn new(dialect: &dyn Dialect) -> Statements {
        Statements {
            insert_metric: dialect.insert_or_ignore(
                "metrics",
                &["run_uuid", "\"key\"", "value", "timestamp", "step", "is_nan"],
                &["run_uuid", "\"key\"", "value", "timestamp", "step", "is_nan"],
            ),
            metrics_of_run: format!(
                "metrics{}",
                dialect.use_index("index_metrics_run_uuid_key_step")
            ),
            delete_points: dialect.delete_points(garbage::CHUNK),
            page: dialect.page(),
            first_summaries: dialect.first(dataset::MOST_SUMMARIES),
            first_points: dialect.first(points::AT_ONCE + 1),
            upsert_latest_metric: dialect.upsert_latest_metric(),
            insert_model_metric: dialect.insert_or_ignore(
                "logged_model_metrics",
                &["model_id", "metric_name", "metric_timestamp_ms", "metric_step", "run_id"],
                &[
                    "model_id",
                    "experiment_id",
                    "run_id",
                    "metric_name",
                    "metric_timestamp_ms",
                    "metric_step",
                    "metric_value",
                    "dataset_name",
                    "dataset_digest",
                ],
            ),
            insert_param: dialect.insert_or_ignore(
                "params",
                &["run_uuid", "\"key\""],
                &["run_uuid", "\"key\"", "value"],
            ),
            upsert_tag: dialect.upsert("tags", &["run_uuid", "\"key\""], &["value"]),
            locks_rows: !dialect.lock_clause(Lock::Exclusive).is_empty(),
            new_number: dialect.new_number(),
            upsert_experiment_tag: dialect.upsert(
                "experiment_tags",
                &["experiment_id", "\"key\""],
                &["value"],
            ),
            upsert_model_tag: dialect.upsert(
                "logged_model_tags",
                &["model_id", "tag_key"],
                &["experiment_id", "tag_value"],
            ),
            upsert_registered_model_tag: dialect.upsert(
                "registered_model_tags",
                &["workspace", "\"key\"", "name"],
                &["value"],
            ),
            upsert_version_tag: dialect.upsert(
                "model_version_tags",
                &["workspace", "\"key\"", "name", "version"],
                &["value"],
            ),
            upsert_alias: dialect.upsert(
                "registered_model_aliases",
                &["workspace", "name", "alias"],
                &["version"],
            ),
            insert_dataset: dialect.insert_or_ignore(
                "datasets",
                &["experiment_id", "name", "digest"],
                &[
                    "experiment_id",
                    "name",
                    "digest",
                    "dataset_uuid",
                    "dataset_source_type",
                    "dataset_source",
                    "dataset_schema",
                    "dataset_profile",
                ],
            ),
            insert_input: dialect.insert_or_ignore(
                "inputs",
                &["source_type", "source_id", "destination_type", "destination_id"],
                &[
                    "input_uuid",
                    "source_type",
                    "source_id",
                    "destination_type",
                    "destination_id",
                    "step",
                ],
            ),
            upsert_evaluation_tag: dialect.upsert(
                "evaluation_dataset_tags",
                &["dataset_id", "\"key\""],
                &["value"],
            ),
            insert_dataset_record: dialect.insert_or_ignore(
                "evaluation_dataset_records",
                &["dataset_id", "input_hash"],
                &dataset_record::NEW,
            ),
            insert_review_queue: dialect.insert_or_ignore(
                "review_queues",
                &["experiment_id", "name_key"],
                &[
                    "queue_id",
                    "experiment_id",
                    "name",
                    "name_key",
                    "queue_type",
                    "created_by",
                    "creation_time_ms",
                    "last_update_time_ms",
                ],
            ),
            insert_review_item: dialect.insert_or_ignore(
                "review_queue_items",
                &["queue_id", "item_id"],
                &[
                    "queue_id",
                    "item_type",
                    "item_id",
                    "status",
                    "creation_time_ms",
                    "last_update_time_ms",
                ],
            ),
            insert_label_schema: dialect.insert_or_ignore(
                "label_schemas",
                &["experiment_id", "name"],
                &label_schema::NEW,
            ),
            insert_scorer: dialect.insert_or_ignore(
                "scorers",
                &["experiment_id", "scorer_name"],
                &["experiment_id", "scorer_name", "scorer_id"],
            ),
            insert_association: dialect.insert_or_ignore(
                "entity_associations",
                &["source_type", "source_id", "destination_type", "destination_id"],
                &[
                    "association_id",
                    "source_type",
                    "source_id",
                    "destination_type",
                    "destination_id",
                    "created_time",
                ],
            ),
        }
    }
}
