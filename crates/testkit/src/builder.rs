//! Things that tests need to be there.

use serde_json::{Value, json};

use crate::TestServer;

/// A run that is about to be created: `server.new_run("iris").metric("rmse", 0.12).create()`.
#[derive(Debug)]
pub struct NewTestRun<'a> {
    server: &'a TestServer,
    experiment: String,
    metrics: Vec<Value>,
    params: Vec<Value>,
    tags: Vec<Value>,
}

impl<'a> NewTestRun<'a> {
    pub(crate) fn new(server: &'a TestServer, experiment: &str) -> NewTestRun<'a> {
        NewTestRun {
            server,
            experiment: experiment.to_owned(),
            metrics: Vec::new(),
            params: Vec::new(),
            tags: Vec::new(),
        }
    }

    /// With a point at step 0.
    #[must_use]
    pub fn metric(mut self, key: &str, value: f64) -> Self {
        let timestamp = self.server.now().0;
        self.metrics.push(json!({"key": key, "value": value, "timestamp": timestamp, "step": 0}));
        self
    }

    /// With a param.
    #[must_use]
    pub fn param(mut self, key: &str, value: &str) -> Self {
        self.params.push(json!({"key": key, "value": value}));
        self
    }

    /// With a tag.
    #[must_use]
    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.tags.push(json!({"key": key, "value": value}));
        self
    }

    /// Creates it, with its experiment if that is not there yet; gives its id.
    pub async fn create(self) -> String {
        let experiment = self.server.experiment(&self.experiment).await;
        let run = json!({"experiment_id": experiment, "run_name": "a run", "tags": self.tags});
        let run = self.server.post("runs/create", &run).await.ok();
        let id = run["run"]["info"]["run_id"].as_str().unwrap().to_owned();
        let batch = json!({"run_id": id, "metrics": self.metrics, "params": self.params});
        self.server.post("runs/log-batch", &batch).await.ok();
        id
    }
}
