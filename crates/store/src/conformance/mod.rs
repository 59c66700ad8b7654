//! What every [`Store`] promises, as tests: one function per promise, one file per resource.
//! [`conformance_suite!`](crate::conformance_suite) runs them all against one kind of store.
//!
//! To promise more, add a function to the file of its resource and its name to the list below; a
//! promise that is not in the list is never run, and a test of the workspace notices that.
#![expect(clippy::unwrap_used, reason = "these are tests")]
#![expect(missing_docs, reason = "a promise is a sentence: its name")]

pub mod concurrency;
pub mod database_concurrency;
pub mod dataset;
pub mod evaluation_dataset;
pub mod experiment;
pub mod garbage;
pub mod issue;
pub mod label_schema;
pub mod logged_model;
pub mod metric;
pub mod param;
pub mod registry;
pub mod registry_search;
pub mod review_queue;
pub mod run;
pub mod scorer;
pub mod search;
pub mod search_experiments;
pub mod tag;
pub mod webhook;
pub mod webhook_delivery;
pub mod workspace;

use std::sync::atomic::{AtomicU64, Ordering};

use oxflow_model::{
    ArtifactLocation, ErrorCode, EventId, ExperimentId, IdSource, LogBatch, Metric, Millis,
    NewExperiment, NewRun, Param, RUN_NAME_TAG, Result, Run, RunId, Stamp, Tag,
};

use crate::Store;

/// One `#[tokio::test]` per promise. The expression makes a new store that holds nothing but the
/// default experiment, as `(Arc<dyn Store>, alive)`; `alive` is dropped after the promise was
/// checked.
///
/// `files: <expression>` leaves out the promises about resources that a file store has no place
/// for: MLflow's own refuses them, and its layout names no files for them.
///
/// `served: <expression>` leaves out the promises that MLflow's API cannot show; why it cannot is
/// said where they are listed.
#[macro_export]
macro_rules! conformance_suite {
    ($make:expr) => {
        $crate::conformance_suite! { files: $make }
        $crate::conformance_suite! { @databases $make }
        $crate::conformance_suite! { @databases_inside $make }
    };
    (files: $make:expr) => {
        $crate::conformance_suite! { @all $make }
        $crate::conformance_suite! { @all_inside $make }
    };
    (served: $make:expr) => {
        $crate::conformance_suite! { @all $make }
        $crate::conformance_suite! { @databases $make }
    };
    (@databases $make:expr) => {
        $crate::conformance_suite! { $make; evaluation_dataset:
            a_new_dataset_is_empty
            a_dataset_is_in_an_experiment_once
            what_is_missing_may_be_deleted_and_has_nothing
            records_with_the_same_inputs_are_merged
            numbers_and_order_survive_in_records
            a_source_is_kept_with_its_id
            writing_records_changes_schema_profile_and_digest
            deleted_records_are_gone_and_no_longer_counted
            pages_of_records_have_no_gaps_and_no_repeats
            tags_of_datasets_are_set_replaced_and_removed
            a_dataset_comes_to_experiments_and_leaves_them
            a_deleted_dataset_leaves_nothing_behind
            every_dataset_clause_finds_what_it_should
            datasets_are_searched_by_experiment_order_and_page
        }
        $crate::conformance_suite! { $make; webhook:
            a_new_webhook_is_read_back
            webhooks_are_listed_newest_first
            a_change_of_a_webhook_changes_only_what_it_names
            a_deleted_webhook_is_gone
            no_call_works_on_a_missing_webhook
        }
        $crate::conformance_suite! { $make; workspace:
            the_default_workspace_is_there_from_the_start
            a_workspace_is_read_back_as_it_was_written
            the_name_of_a_workspace_is_taken_only_once
            a_change_of_a_workspace_leaves_the_rest
            an_empty_workspace_is_deleted_in_every_mode
        }
        $crate::conformance_suite! { $make; scorer:
            versions_of_scorers_are_counted_by_name
            lists_show_the_latest_scorers_of_active_experiments
            scorers_live_in_active_experiments
            a_missing_scorer_is_not_found
            scorers_are_deleted_by_version_or_as_a_whole
            a_scorer_of_an_unknown_endpoint_is_refused
            an_unknown_scorer_has_no_online_scoring
        }
        $crate::conformance_suite! { $make; label_schema:
            every_kind_of_input_is_read_back
            names_of_schemas_are_unique_within_an_experiment
            schemas_live_in_active_experiments
            every_experiment_has_a_default_question
            an_update_of_a_schema_changes_only_what_it_names
            a_deleted_schema_frees_its_name
        }
        $crate::conformance_suite! { $make; issue:
            an_issue_is_read_back
            issues_begin_in_active_experiments
            an_update_of_an_issue_changes_only_what_it_names
            the_worst_issues_come_first_then_the_newest
        }
        $crate::conformance_suite! { $make; review_queue:
            a_queue_is_read_back_with_users_and_questions
            names_of_queues_are_unique_in_any_case
            questions_come_from_the_same_experiment
            an_update_of_a_queue_changes_only_what_it_names
            queues_are_listed_by_user_and_page
            a_deleted_queue_leaves_nothing_behind
            only_traces_of_the_experiment_are_reviewed
        }
        $crate::conformance_suite! { $make; shared database_concurrency:
            versions_of_scorers_are_numbered_without_gaps
        }
    };
    // Deliveries to webhooks are the server's own business, and so are secrets, which it seals with
    // its own key and never shows. Who made a queue is told by signing in. An empty description
    // looks like none.
    (@databases_inside $make:expr) => {
        mod databases_inside {
            use super::*;

            $crate::conformance_suite! { $make; webhook_delivery:
                changes_of_models_are_queued_for_who_asks
                changes_of_prompts_are_queued_for_who_asks
                changes_that_nobody_asks_for_queue_nothing
                a_refused_change_queues_nothing
                a_claimed_delivery_is_nobody_elses_until_the_claim_is_void
                a_settled_delivery_is_gone
                a_deferred_delivery_is_due_later
                a_delivery_goes_where_the_webhook_is_now
                what_a_webhook_does_not_want_any_more_is_dropped
                what_is_overdue_for_a_week_is_dropped
                a_queue_that_is_too_long_loses_its_oldest
                busy_webhooks_are_passed_over
                the_most_overdue_go_first
                a_store_tells_when_it_has_queued_something
            }
            $crate::conformance_suite! { $make; webhook:
                secrets_of_webhooks_are_kept_apart
                a_description_of_a_webhook_can_be_emptied
            }
            $crate::conformance_suite! { $make; review_queue:
                who_made_a_queue_is_kept
            }
            $crate::conformance_suite! { $make; shared database_concurrency:
                a_delivery_is_claimed_by_one_of_many
            }
        }
    };
    // Nobody empties the bin by the API. Where artifacts of new experiments and the files of new
    // versions are, the server finds out by itself, and which logged model a version may publish. An
    // end at 0 is left out of answers, as by MLflow, and an empty key is refused before a store is
    // asked. Activity, ranges and curves are for our own pages.
    (@all_inside $make:expr) => {
        mod inside {
            use super::*;

            $crate::conformance_suite! { $make; garbage:
                the_bin_holds_what_was_deleted
                the_bin_is_looked_through_in_pages
                an_erased_run_leaves_nothing_and_its_neighbours_everything
                a_long_history_is_erased_whole
                what_is_not_in_the_bin_is_not_erased
                an_erased_model_is_gone
                an_erased_experiment_takes_everything_with_it
            }
            $crate::conformance_suite! { $make; experiment:
                artifact_locations_are_given_or_below_the_root
                the_activity_of_experiments_counts_active_runs
            }
            $crate::conformance_suite! { $make; metric:
                a_range_is_the_lowest_and_the_highest_number
                curves_of_long_histories_reach_over_all_their_steps
                curves_keep_the_ends_and_the_extremes
            }
            $crate::conformance_suite! { $make; run:
                an_end_time_of_zero_is_kept
            }
            $crate::conformance_suite! { $make; tag:
                a_tag_without_a_key_is_never_there
            }
            $crate::conformance_suite! { $make; registry:
                a_new_version_is_ready_and_in_no_stage
                a_logged_model_that_is_gone_is_not_published
            }
        }
    };
    (@all $make:expr) => {
        $crate::conformance_suite! { $make; experiment:
            a_new_store_holds_the_default_experiment
            an_experiment_is_found_by_number_and_by_name
            a_missing_experiment_is_none_not_an_error
            names_tell_upper_from_lower_case
            a_name_is_taken_only_once
            a_deleted_experiment_keeps_its_name
            a_refused_experiment_leaves_nothing_behind
            a_rename_frees_the_old_name
            a_rename_to_a_taken_name_is_refused
            only_active_experiments_are_renamed
            deleting_an_experiment_deletes_its_runs_and_no_others
            restoring_an_experiment_restores_all_its_runs
            only_active_experiments_are_deleted_and_only_deleted_ones_restored
            nothing_begins_in_a_deleted_experiment
            tags_of_experiments_are_set_replaced_and_removed
            tags_of_deleted_experiments_are_fixed
            an_experiment_has_at_most_fifty_custom_views
            odd_texts_survive
        }
        $crate::conformance_suite! { $make; run:
            a_new_run_is_running_and_empty
            what_creating_gives_is_what_reading_gives
            a_missing_run_is_none_not_an_error
            no_call_works_on_a_missing_run
            a_run_id_is_taken_only_once
            a_refused_run_leaves_nothing_behind
            runs_keep_their_artifacts_below_their_experiment
            an_update_changes_only_what_it_names
            any_status_may_follow_any_other
            the_name_and_its_tag_are_one
            an_empty_name_changes_nothing
            without_its_tag_a_run_keeps_its_name
            deleting_and_restoring_a_run_may_be_repeated
            a_deleted_run_can_be_read_but_not_written
            the_model_history_grows_by_one_object_at_a_time
            a_model_history_that_is_not_json_is_refused
        }
        $crate::conformance_suite! { $make; param:
            a_param_is_written_once
            another_value_is_refused_with_both_values
            a_batch_names_every_param_that_would_change
            a_batch_is_written_as_a_whole
            a_refused_batch_changes_nothing
            an_empty_batch_changes_nothing
            a_batch_as_large_as_allowed_is_written
            runs_do_not_share_params
            values_are_compared_to_the_last_character
        }
        $crate::conformance_suite! { $make; tag:
            a_tag_keeps_the_last_value
            a_tag_is_removed_once
            runs_do_not_share_tags
            keys_tell_upper_from_lower_case
            the_last_tag_of_a_batch_wins
        }
        $crate::conformance_suite! { $make; metric:
            a_point_is_read_back
            the_same_point_is_kept_once
            points_that_differ_in_anything_are_all_kept
            the_latest_point_is_the_greatest_by_step_time_and_value
            nan_and_infinity_are_kept_as_mlflow_keeps_them
            history_is_sorted_by_time_step_and_value
            pages_of_history_have_no_gaps_and_no_repeats
            what_is_unknown_has_no_history
            bulk_history_is_sorted_by_run_and_cut_as_a_whole
            samples_take_the_first_of_each_bucket_and_the_very_last
            samples_keep_the_order_of_the_runs_and_the_bounds_of_the_steps
            points_of_a_model_are_kept_there_too
            points_of_an_unknown_model_are_refused
        }
        $crate::conformance_suite! { $make; search:
            every_clause_finds_what_it_should
            patterns_have_two_wildcards_and_no_escape
            a_search_sees_only_its_experiments_and_its_stage
            a_search_shows_what_the_runs_logged
            a_table_has_the_columns_that_are_wanted
            every_order_has_one_result
            pages_have_no_gaps_and_no_repeats
            a_name_is_searched_in_the_tag_and_sorted_by_the_column
            datasets_are_searched_by_name_digest_and_context
            hundreds_of_clauses_are_answered_or_refused_politely
            thousands_of_experiments_are_searched_at_once
        }
        $crate::conformance_suite! { $make; search_experiments:
            every_experiment_clause_finds_what_it_should
            every_experiment_order_has_one_result
            experiments_are_shown_by_stage
            pages_of_experiments_have_no_gaps_and_no_repeats
        }
        $crate::conformance_suite! { $make; dataset:
            inputs_are_read_back
            a_dataset_is_noted_once_per_run_with_its_first_tags
            a_dataset_is_shared_by_the_runs_of_an_experiment_only
            model_inputs_are_noted_once
            model_outputs_are_noted_with_their_step
            the_same_output_twice_is_refused_as_a_whole
            summaries_are_distinct_by_context
        }
        $crate::conformance_suite! { $make; logged_model:
            a_new_model_is_pending
            a_missing_model_is_none_not_an_error
            a_model_id_is_taken_only_once
            no_call_works_on_a_missing_model
            finalizing_sets_the_status_and_the_time
            a_deleted_model_is_gone_unless_asked_for
            a_deleted_model_can_be_logged_to
            tags_of_models_are_set_replaced_and_removed
            params_of_models_are_added_once
            every_model_clause_finds_what_it_should
            models_are_searched_by_dataset
            every_model_order_has_one_result
            pages_of_models_have_no_gaps_and_no_repeats
        }
        $crate::conformance_suite! { $make; registry:
            a_new_registered_model_is_empty
            a_missing_registered_model_is_none_not_an_error
            a_model_name_is_taken_only_once
            no_call_works_on_a_missing_registered_model
            no_call_works_on_a_missing_version
            a_description_is_replaced
            tags_of_the_registry_are_set_replaced_and_removed
            no_number_is_used_twice
            a_deleted_version_is_gone_with_its_aliases
            an_alias_stands_for_one_version
            each_stage_has_a_latest_version
            a_transition_archives_the_others_if_wanted
            a_rename_takes_everything_along
            a_deleted_model_leaves_nothing_behind
            a_logged_model_lists_the_versions_that_publish_it
        }
        $crate::conformance_suite! { $make; registry_search:
            every_registered_model_clause_finds_what_it_should
            every_version_clause_finds_what_it_should
            prompts_are_found_only_if_asked_for
            every_registry_order_has_one_result
            deleted_versions_are_never_found
            a_search_shows_what_models_and_versions_have
            pages_of_the_registry_have_no_gaps_and_no_repeats
            tags_of_thousands_of_versions_are_found_at_once
        }
        $crate::conformance_suite! { $make; shared concurrency:
            one_of_many_creations_of_a_name_wins
            many_creations_get_numbers_of_their_own
            many_writers_of_one_value_all_succeed
            one_of_many_values_of_a_param_wins
            no_batch_is_lost
            the_latest_point_is_the_greatest_whoever_writes_it
            tags_end_as_somebody_set_them
            the_name_and_its_tag_stay_one
            logging_to_a_run_that_comes_and_goes_is_all_or_nothing
            an_experiment_that_comes_and_goes_takes_its_runs_along
            many_runs_read_one_dataset
            no_model_of_a_history_is_lost
            versions_are_numbered_without_gaps
            one_of_many_registrations_of_a_name_wins
            readers_never_see_half_a_batch
        }
    };
    ($make:expr; $group:ident: $($name:ident)*) => {
        mod $group {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let (store, _alive) = $make;
                $crate::conformance::$group::$name(&*store).await;
            })*
        }
    };
    ($make:expr; shared $group:ident: $($name:ident)*) => {
        mod $group {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                let (store, _alive) = $make;
                $crate::conformance::$group::$name(&store).await;
            })*
        }
    };
}

/// What promises about concurrency are checked on: tasks share it.
pub type Shared = std::sync::Arc<dyn Store>;

/// A moment; all times of the suite are counted from here.
pub const NOW: Millis = Millis(1_700_000_000_000);

/// `NOW` and some milliseconds.
pub fn after(ms: i64) -> Millis {
    Millis(NOW.0 + ms)
}

/// Randomness that counts, so that every run of a test sees the same ids.
#[derive(Debug, Default)]
pub struct CountingIds(AtomicU64);

impl IdSource for CountingIds {
    fn random(&self) -> [u8; 16] {
        u128::from(self.0.fetch_add(1, Ordering::Relaxed) + 1).to_be_bytes()
    }
}

/// A stamp of this moment, with an event id of its own.
pub fn stamp(at: Millis) -> Stamp {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let event = EventId::new(format!("{:032x}", NEXT.fetch_add(1, Ordering::Relaxed)));
    Stamp { event, at }
}

/// Run number `n`.
pub fn run_id(n: usize) -> RunId {
    RunId::new(format!("{n:032x}"))
}

/// What it takes to create run number `n` at `NOW`, called `run-n`.
pub fn new_run(experiment_id: ExperimentId, n: usize) -> NewRun {
    let name = format!("run-{n}");
    NewRun {
        id: run_id(n),
        experiment_id,
        user_id: "ada".to_owned(),
        started_at: NOW,
        tags: vec![Tag::new(RUN_NAME_TAG, &name)],
        name,
    }
}

/// A database may have shorter columns, or less room for odd values, than the protocol: then the
/// caller is told, and `None` is given.
#[track_caller]
pub fn kept_or_refused<T>(result: Result<T>) -> Option<T> {
    if let Err(error) = &result {
        assert_eq!(error.code(), ErrorCode::InvalidParameterValue, "{error}");
    }
    result.ok()
}

/// Creates run number `n` in the default experiment.
pub async fn run(store: &dyn Store, n: usize) -> RunId {
    run_in(store, ExperimentId::DEFAULT, n).await
}

/// Creates run number `n` in an experiment.
pub async fn run_in(store: &dyn Store, experiment: ExperimentId, n: usize) -> RunId {
    store.create_run(new_run(experiment, n)).await.unwrap().info.id
}

/// What it takes to create an experiment.
pub fn new_experiment(name: &str) -> NewExperiment {
    let artifact_location = ArtifactLocation::Under("mlflow-artifacts:/".to_owned());
    NewExperiment { name: name.to_owned(), artifact_location, tags: Vec::new() }
}

/// Creates an experiment at `NOW`.
pub async fn experiment(store: &dyn Store, name: &str) -> ExperimentId {
    store.create_experiment(new_experiment(name), NOW).await.unwrap()
}

/// The run, which must be there.
pub async fn get(store: &dyn Store, id: &RunId) -> Run {
    store.find_run(id).await.unwrap().unwrap()
}

/// What the history of models keeps of model number `n`, spelled as servers spell it.
pub fn model_entry(n: usize) -> String {
    format!(
        "{{\"run_id\": \"r\", \"artifact_path\": \"ž/{n}\", \"utc_time_created\": \"t\", \
         \"model_uuid\": null, \"flavors\": {{}}}}"
    )
}

pub fn param(key: &str, value: &str) -> Param {
    Param { key: key.to_owned(), value: value.to_owned() }
}

/// A point `ms` milliseconds after `NOW`.
pub fn point(key: &str, value: f64, ms: i64, step: i64) -> Metric {
    Metric::point(key, value, after(ms), step)
}

pub fn batch(metrics: &[Metric], params: &[Param], tags: &[Tag]) -> LogBatch {
    LogBatch { metrics: metrics.to_vec(), params: params.to_vec(), tags: tags.to_vec() }
}

/// The tags as `key=value`, by key.
pub fn shown_tags(tags: &[Tag]) -> Vec<String> {
    sorted(tags.iter().map(|tag| format!("{}={}", tag.key, tag.value)))
}

/// The params as `key=value`, by key.
pub fn shown_params(params: &[Param]) -> Vec<String> {
    sorted(params.iter().map(|param| format!("{}={}", param.key, param.value)))
}

/// The points as `key=value@milliseconds/step`, in their order.
pub fn shown_points(points: &[Metric]) -> Vec<String> {
    let shown = |p: &Metric| format!("{}={}@{}/{}", p.key, p.value, p.timestamp.0 - NOW.0, p.step);
    points.iter().map(shown).collect()
}

pub fn sorted(items: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut items: Vec<String> = items.into_iter().collect();
    items.sort();
    items
}

/// The value of a tag.
pub fn tag_of<'a>(tags: &'a [Tag], key: &str) -> Option<&'a str> {
    tags.iter().find(|tag| tag.key == key).map(|tag| tag.value.as_str())
}

/// The call must have been refused, with this code and this message.
#[track_caller]
pub fn refused<T>(result: Result<T>, code: ErrorCode, message: &str) {
    match result {
        Ok(_) => unreachable!("should have been refused with: {message}"),
        Err(error) => assert_eq!((error.code(), error.message()), (code, message)),
    }
}

/// The call must have been refused with this code; the message is the database's own.
#[track_caller]
pub fn refused_somehow<T>(result: Result<T>, code: ErrorCode) {
    match result {
        Ok(_) => unreachable!("should have been refused with {code:?}"),
        Err(error) => assert_eq!(error.code(), code, "{error}"),
    }
}
