//! What Oxflow talks about: experiments, runs, metrics, their limits, the errors and the search
//! grammar. Pure: no async, no IO, no SQL, no HTTP.

pub mod dataset;
pub mod error;
pub mod evaluation_dataset;
pub mod experiment;
pub mod id;
pub mod issue;
pub mod json;
pub mod label_schema;
pub mod limits;
pub mod logged_model;
pub mod metric;
pub mod model_uri;
pub mod page;
pub mod registry;
pub mod registry_event;
pub mod review_queue;
pub mod run;
pub mod saved_view;
pub mod scorer;
pub mod search;
pub mod time;
pub mod uri;
pub mod validate;
pub mod webhook;
pub mod workspace;

pub use dataset::{Dataset, DatasetInput, DatasetSummary, LoggedModelInput, LoggedModelOutput};
pub use error::{Error, ErrorClass, ErrorCode, Result};
pub use evaluation_dataset::{
    Association, DatasetRecord, DatasetTag, EvaluationDataset, NewEvaluationDataset, RecordChange,
    RecordCounts, RecordCursor, RecordPage, RecordSource,
};
pub use experiment::{ArtifactLocation, Experiment, LifecycleStage, NewExperiment, ViewType};
pub use id::{EvaluationDatasetId, EventId, ExperimentId, IdSource, ModelId, RunId, WebhookId};
pub use issue::{Issue, IssueChange, IssueSeverity, IssueStatus};
pub use json::Json;
pub use label_schema::{LabelInput, LabelSchema, LabelSchemaChange, LabelSchemaType};
pub use logged_model::{LoggedModel, LoggedModelStatus, NewLoggedModel};
pub use metric::{Metric, Param, Tag};
pub use model_uri::ModelUri;
pub use page::{Page, PageRequest};
pub use registry::{
    ModelAlias, ModelName, ModelVersion, ModelVersionStatus, NewModelVersion, NewRegisteredModel,
    RegisteredModel, Stage, VersionId,
};
pub use registry_event::RegistryEvent;
pub use review_queue::{ReviewItem, ReviewQueue, ReviewQueueChange, ReviewQueueType, ReviewStatus};
pub use run::{LogBatch, NewRun, RUN_NAME_TAG, Run, RunChange, RunInfo, RunStatus};
pub use saved_view::{SavedView, SavedViewChange};
pub use scorer::{NewScorerVersion, OnlineScoringConfig, ScorerVersion};
pub use time::{Clock, Millis};
pub use webhook::{
    NewWebhook, SealedSecret, Stamp, Webhook, WebhookAction, WebhookChange, WebhookEntity,
    WebhookEvent, WebhookEvents, WebhookName, WebhookStatus,
};
pub use workspace::{DeletionMode, Workspace, WorkspaceChange};
