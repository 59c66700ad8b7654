//! What the server says, as we keep it: what several resources need.

use oxflow_api::common;
use oxflow_model::{Error, ExperimentId, LifecycleStage, Result, Tag};

/// Tags.
pub fn tags(wire: Vec<common::Tag>) -> Vec<Tag> {
    common::all(wire)
}

/// A text that servers leave out or send empty.
pub fn text(wire: Option<String>) -> Option<String> {
    wire.filter(|text| !text.is_empty())
}

/// The number of an experiment.
pub fn experiment_id(wire: Option<String>) -> Result<ExperimentId> {
    ExperimentId::parse(&wire.unwrap_or_default())
}

/// Where something stands.
pub fn stage(wire: Option<String>) -> LifecycleStage {
    LifecycleStage::from_word(&wire.unwrap_or_default())
}

/// What an answer must hold.
pub fn need<T>(wire: Option<T>, what: &str) -> Result<T> {
    wire.ok_or_else(|| Error::internal(format!("The server's answer holds no {what}.")))
}
