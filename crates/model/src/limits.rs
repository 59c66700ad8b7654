//! How long and how many: the limits of MLflow 3.17.2. Lengths are in characters.

/// Experiment names.
pub const EXPERIMENT_NAME: usize = 500;
/// Keys of metrics, params and tags.
pub const ENTITY_KEY: usize = 250;
/// Values of params; longer ones are cut unless truncation is off.
pub const PARAM_VALUE: usize = 6000;
/// Values of run tags; longer ones are cut unless truncation is off.
pub const TAG_VALUE: usize = 8000;
/// Values of experiment tags.
pub const EXPERIMENT_TAG_VALUE: usize = 20_000;
/// Values of registered-model and model-version tags.
pub const REGISTRY_TAG_VALUE: usize = 100_000;
/// Points in one batch.
pub const METRICS_PER_BATCH: usize = 1000;
/// Params in one batch.
pub const PARAMS_PER_BATCH: usize = 100;
/// Tags in one batch.
pub const TAGS_PER_BATCH: usize = 100;
/// Points, params and tags together in one batch.
pub const ENTITIES_PER_BATCH: usize = 1000;
/// Datasets in one `runs/log-inputs`.
pub const DATASETS_PER_BATCH: usize = 1000;
/// Artifact locations, unless configured otherwise.
pub const ARTIFACT_LOCATION: usize = 2048;
/// Dataset names.
pub const DATASET_NAME: usize = 500;
/// Dataset digests.
pub const DATASET_DIGEST: usize = 36;
/// Dataset sources.
pub const DATASET_SOURCE: usize = 65_535;
/// Dataset schemas.
pub const DATASET_SCHEMA: usize = 1_048_575;
/// Dataset profiles.
pub const DATASET_PROFILE: usize = 16_777_215;
/// Keys of input tags.
pub const INPUT_TAG_KEY: usize = 255;
/// Values of input tags.
pub const INPUT_TAG_VALUE: usize = 500;
/// Custom views of one experiment (tags whose key starts with [`CUSTOM_VIEW_TAG_PREFIX`]).
pub const CUSTOM_VIEWS_PER_EXPERIMENT: usize = 50;
/// Key prefix of the experiment tags that hold custom views.
pub const CUSTOM_VIEW_TAG_PREFIX: &str = "mlflow.customView.view";
/// Registered-model aliases.
pub const ALIAS: usize = 255;
/// The text of a prompt version.
pub const PROMPT_TEXT: usize = 100_000;
/// Items of one page of a search of runs or experiments.
pub const SEARCH_RESULTS: i64 = 50_000;
/// Items of one page of a search of registered models.
pub const REGISTERED_MODEL_RESULTS: i64 = 1000;
/// Items of one page of a search of model versions, and how many there are if nobody says.
pub const MODEL_VERSION_RESULTS: i64 = 200_000;
/// Webhook names.
pub const WEBHOOK_NAME: usize = 63;
/// Webhook descriptions.
pub const WEBHOOK_DESCRIPTION: usize = 1000;
/// Addresses of webhooks.
pub const WEBHOOK_URL: usize = 500;
/// Secrets of webhooks, encrypted.
pub const WEBHOOK_SECRET: usize = 1000;
/// Items of one page of webhooks.
pub const WEBHOOK_RESULTS: u64 = 1000;
/// Names of saved views.
pub const VIEW_NAME: usize = 250;
/// Bytes of the state of a saved view.
pub const VIEW_STATE: usize = 256 << 10;
/// Saved views of one experiment.
pub const VIEWS_PER_EXPERIMENT: u64 = 500;
