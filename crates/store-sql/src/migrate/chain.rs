//! The revisions of MLflow's schema, oldest first, each with the script that leads to it.

use crate::schema::HEAD;

/// A revision.
#[derive(Clone, Copy, Debug)]
pub struct Revision {
    /// The name of its script: a number, Alembic's name of the revision, and what it does.
    stem: &'static str,
    /// What leads to it from the revision before.
    pub script: &'static str,
}

impl Revision {
    /// Alembic's name.
    pub fn id(&self) -> &'static str {
        self.stem.split('_').nth(1).unwrap_or(self.stem)
    }

    /// What it does, in words.
    pub fn what(&self) -> String {
        self.stem.splitn(3, '_').nth(2).unwrap_or_default().replace('_', " ")
    }
}

macro_rules! chain {
    ($($stem:literal)*) => {
        &[$(Revision {
            stem: $stem,
            script: include_str!(concat!("../../migrations/", $stem, ".sql")),
        }),*]
    };
}

/// All revisions since MLflow 1.0. A database is at one of them; those behind it are what it lacks.
#[rustfmt::skip]
pub const CHAIN: &[Revision] = chain! {
    "01_451aebb31d03_add_metric_steps"
    "02_90e64c465722_copy_users_to_tags"
    "03_181f10493468_allow_nulls_for_metric_values"
    "04_df50e92ffc5e_add_experiment_tags_table"
    "05_7ac759974ad8_allow_longer_tags"
    "06_89d4b8295536_add_latest_metrics_table"
    "07_2b4d017a5e9b_add_model_registry_tables"
    "08_cfd24bdc0731_allow_killed_runs"
    "09_0a8213491aaa_drop_duplicate_status_constraint"
    "10_728d730b5ebd_add_registered_model_tags_table"
    "11_27a6a02d2cf1_add_model_version_tags_table"
    "12_84291f40a231_add_run_link_to_model_versions"
    "13_a8c4a736bde6_allow_nulls_for_run_id"
    "14_39d1c3be5f05_constrain_is_nan"
    "15_c48cb773bb87_restore_default_of_is_nan_on_mysql"
    "16_bd07f7e963c5_index_runs"
    "17_0c779009ac13_add_deleted_time_to_runs"
    "18_cc1f77228345_allow_longer_params"
    "19_97727af70f4d_add_times_to_experiments"
    "20_3500859a5d39_add_model_aliases_table"
    "21_7f2a7d5fae7d_add_dataset_tables"
    "22_2d6e25af4d3e_allow_params_of_8000_characters"
    "23_acf3f17fdcc7_add_storage_location_to_model_versions"
    "24_867495a8f9d4_add_trace_tables"
    "25_5b0e9adcef9c_cascade_deletion_of_traces"
    "26_4465047574b1_allow_larger_dataset_schemas_on_mysql"
    "27_f5a4f2784254_allow_tags_of_8000_characters"
    "28_0584bdc529eb_cascade_deletion_of_datasets"
    "29_400f98739977_add_logged_model_tables"
    "30_6953534de441_add_step_to_inputs"
    "31_bda7b8c39065_allow_longer_model_version_tags"
    "32_cbc13b556ace_add_previews_to_traces"
    "33_770bee3ae1dd_add_assessments_table"
    "34_a1b2c3d4e5f6_add_spans_table"
    "35_de4033877273_add_entity_associations"
    "36_1a0cddfcaa16_add_webhook_tables"
    "37_534353b11cbc_add_scorer_table"
    "38_71994744cf8e_add_evaluation_datasets"
    "39_3da73c924c2f_add_outputs_to_dataset_record"
    "40_bf29a5ff90ea_add_jobs_table"
    "41_1bd49d398cd23_add_secrets_tables"
    "42_b7c8d9e0f1a2_add_trace_metrics_table"
    "43_5d2d30f0abce_rename_functions_of_jobs"
    "44_c9d4e5f6a7b8_add_routing_strategy_to_endpoints"
    "45_2c33131f4dae_add_online_scoring_configs_table"
    "46_d3e4f5a6b7c8_add_display_name_to_endpoint_bindings"
    "47_d0e1f2a3b4c5_track_usage_of_endpoints"
    "48_c8d9e0f1a2b3_add_span_metrics"
    "49_1b5f0d9ad7c1_add_workspaces"
    "50_e1f2a3b4c5d6_add_budget_policies_table"
    "51_76601a5f987d_add_issues_table"
    "52_c3d6457b6d8a_add_status_details_column_to_jobs_table"
    "53_a5b4c3d2e1f0_add_metrics_run_key_step_index"
    "54_ae8bbe7743c9_add_guardrails_tables"
    "55_7d34483879f0_index_tags_of_models"
    "56_da6fb0208061_add_trace_archival"
    "57_89d3d66ed43f_add_label_schemas_table"
    "58_b7e4c1a90f23_add_review_queue_tables"
    "59_a8b9c0d1e2f3_add_mcp_server_registry_tables"
    "60_c1d2e3f4a5b6_add_span_experiment_start_time_index"
    "61_c3d9e7f1a2b4_add_target_value_to_budget_policies"
    "62_6f8d9c3b2a1e_cascade_deletion_of_experiments_traces"
    "63_1971f2d9a75b_add_trace_archival_candidate_index"
    "64_17e22815139b_allow_longer_experiment_tags"
    "65_b7e2c1a4d9f3_add_jobs_creator"
    "66_75868b020152_add_trace_analytics"
    "67_dc11669786a5_add_job_executor"
};

/// The first revision that databases of MySQL are migrated from: the one of MLflow 1.16 to 1.24.
pub const OLDEST_ON_MYSQL: &str = "c48cb773bb87";

/// Where a revision stands in the chain.
pub fn position(revision: &str) -> Option<usize> {
    CHAIN.iter().position(|known| known.id() == revision)
}

/// Whether this is a revision of an earlier release.
pub fn is_older(revision: &str) -> bool {
    revision != HEAD && position(revision).is_some()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::migrate::script::{Family, statements};

    #[test]
    fn the_chain_is_the_folder_in_order_and_ends_at_the_head() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
        let names = std::fs::read_dir(folder).unwrap().map(|file| {
            file.unwrap().file_name().into_string().unwrap().trim_end_matches(".sql").to_owned()
        });
        let files: BTreeSet<String> = names.collect();
        let stems: Vec<&str> = CHAIN.iter().map(|revision| revision.stem).collect();
        assert_eq!(stems, files.iter().map(String::as_str).collect::<Vec<_>>());
        for (at, revision) in CHAIN.iter().enumerate() {
            assert!(revision.stem.starts_with(&format!("{:02}_", at + 1)), "{}", revision.stem);
            assert_eq!(position(revision.id()), Some(at), "twice: {}", revision.id());
        }
        assert_eq!(CHAIN.last().unwrap().id(), HEAD);
        assert!(is_older(OLDEST_ON_MYSQL) && !is_older(HEAD) && !is_older("abc"));
    }

    #[test]
    fn every_script_can_be_read_for_every_database() {
        for revision in CHAIN {
            for family in [Family::Sqlite, Family::Postgres, Family::Mysql] {
                let read = statements(revision.script, family);
                assert!(read.is_ok(), "{}: {read:?}", revision.stem);
            }
        }
    }
}
