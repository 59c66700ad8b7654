//! Metrics, params and tags: what runs log.

use crate::Millis;

/// One point of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Its name.
    pub key: String,
    /// NaN is allowed; infinities are clamped to the largest finite numbers, as MLflow stores them.
    pub value: f64,
    /// When it was measured.
    pub timestamp: Millis,
    /// Training step; may be negative.
    pub step: i64,
    /// The logged model it belongs to, if any.
    pub model_id: Option<String>,
    /// The dataset it was measured on, if any.
    pub dataset_name: Option<String>,
    /// Digest of that dataset.
    pub dataset_digest: Option<String>,
    /// The run that logged it, where the wire shows it.
    pub run_id: Option<String>,
}

impl Metric {
    /// A point without model and dataset.
    pub fn point(key: impl Into<String>, value: f64, timestamp: Millis, step: i64) -> Metric {
        Metric {
            key: key.into(),
            value,
            timestamp,
            step,
            model_id: None,
            dataset_name: None,
            dataset_digest: None,
            run_id: None,
        }
    }

    /// The value as the databases hold it: NaN as 0 with a flag, infinities clamped.
    pub fn stored_value(&self) -> (f64, bool) {
        if self.value.is_nan() {
            (0.0, true)
        } else {
            (self.value.clamp(f64::MIN, f64::MAX), false)
        }
    }
}

/// A param of a run: written once, never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// A tag of an experiment, run, model or version: a text that may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
}

impl Tag {
    /// A tag.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Tag {
        Tag { key: key.into(), value: value.into() }
    }
}
