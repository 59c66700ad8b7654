//! `oxflow demo`: believable experiments, to try things with. They are logged through a router of this process, by the
//! very calls that clients make, so that they go wherever the settings say.

mod client;
mod curves;
mod files;
mod random;
mod small;

use axum::Router;
use oxflow_model::{Error, Millis, Result};
use serde_json::{Value, json};

use client::Client;
use curves::Training;
use random::Random;
use small::Plan;

use crate::args::DemoArgs;

const SWEEP: &str = "vision/resnet-sweep";
const HOUR: i64 = 3_600_000;
const NOTE: &str = include_str!("note.md");
const PARCELS: &str = include_str!("parcels.geojson");
/// Time between two steps of a training, in milliseconds.
const PACE: i64 = 9000;

/// How much there shall be.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Runs of the sweep.
    pub runs: usize,
    /// Steps of each.
    pub steps: usize,
}

impl Size {
    /// What was asked for.
    pub fn of(args: &DemoArgs) -> Size {
        Size { runs: args.runs.into(), steps: args.steps.into() }
    }
}

/// What was made.
#[derive(Debug, Default)]
pub struct Made {
    experiments: usize,
    runs: usize,
    files: usize,
}

impl std::fmt::Display for Made {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Made { experiments, runs, files } = self;
        write!(f, "Made {experiments} experiments with {runs} runs and {files} files.")
    }
}

/// Fills the store behind a router. Fails when there is a demo in it already.
pub async fn fill(router: Router, now: Millis, size: Size) -> Result<Made> {
    let mut demo = Demo {
        client: Client::new(router),
        random: Random::new(7),
        now: now.0,
        made: Made::default(),
    };
    demo.must_be_new().await?;
    let (experiment, runs) = demo.sweep(size).await?;
    demo.study().await?;
    demo.registry(&runs).await?;
    demo.logged_models(&experiment, &runs).await?;
    for plan in &small::PLANS {
        demo.small(plan).await?;
    }
    Ok(demo.made)
}

struct Demo {
    client: Client,
    random: Random,
    now: i64,
    made: Made,
}

impl Demo {
    async fn must_be_new(&self) -> Result<()> {
        let search = json!({
            "filter": format!("name = '{SWEEP}'"), "view_type": "ALL", "max_results": 1,
        });
        let found = self.client.post("experiments/search", search).await?;
        match found["experiments"].as_array().is_some_and(|list| !list.is_empty()) {
            true => Err(Error::invalid(format!(
                "There is a demo in this database already: the experiment '{SWEEP}', which may be among the deleted."
            ))),
            false => Ok(()),
        }
    }

    async fn experiment(&mut self, name: &str, tags: Value) -> Result<String> {
        let made =
            self.client.post("experiments/create", json!({"name": name, "tags": tags})).await?;
        self.made.experiments += 1;
        Ok(client::text(&made["experiment_id"]))
    }

    async fn run(
        &mut self,
        experiment: &str,
        name: &str,
        start: i64,
        tags: Value,
    ) -> Result<String> {
        let body = json!({
            "experiment_id": experiment, "run_name": name, "start_time": start, "tags": tags,
        });
        let made = self.client.post("runs/create", body).await?;
        self.made.runs += 1;
        Ok(client::text(&made["run"]["info"]["run_id"]))
    }

    async fn end(&self, run: &str, status: &str, end: i64) -> Result<()> {
        let body = json!({"run_id": run, "status": status, "end_time": end});
        self.client.post("runs/update", body).await.map(drop)
    }

    /// A sweep over learning rates: many runs with curves, the last of them with files and still running.
    async fn sweep(&mut self, size: Size) -> Result<(String, Vec<String>)> {
        let tags = json!([tag("team", "vision"), tag("mlflow.note.content", NOTE)]);
        let experiment = self.experiment(SWEEP, tags).await?;
        let mut runs = Vec::new();
        for at in 0..size.runs {
            let left = i64::try_from(size.runs - at).unwrap_or(0);
            let length = i64::try_from(size.steps).unwrap_or(0) * PACE;
            let start = self.now - left * HOUR / 2 - length;
            let run = self.sweep_run(&experiment, at, start, size).await?;
            runs.push(run);
        }
        Ok((experiment, runs))
    }

    async fn sweep_run(
        &mut self,
        experiment: &str,
        at: usize,
        start: i64,
        size: Size,
    ) -> Result<String> {
        let random = &mut self.random;
        let rate = 10f64.powf(random.between(-3.0, -0.5));
        let optimizer = random.choose(&["sgd", "adamw", "lion"]);
        let skill =
            (1.0 - (rate.log10() + 1.6).abs() / 2.0 + random.normal(0.08)).clamp(0.05, 0.98);
        let tags = json!([
            tag("mlflow.user", random.choose(&["ana", "ben", "chidi"])),
            tag("mlflow.source.name", "train.py"),
            tag("mlflow.source.type", "LOCAL"),
            tag("mlflow.source.git.commit", "9f2c1ab47de03551c2b0c6d1b6e7a90f4d21c3aa"),
            tag("stage", random.choose(&["coarse", "fine"])),
        ]);
        let params = json!([
            tag("lr", &format!("{rate:.5}")),
            tag("optimizer", optimizer),
            tag("batch_size", random.choose(&["64", "128", "256"])),
            tag("augment", random.choose(&["none", "randaug", "mixup"])),
            tag("weight_decay", random.choose(&["0", "0.01", "0.05"])),
            tag("seed", &(at % 3).to_string()),
            tag("depth", "34"),
            tag("scheduler", "cosine"),
            tag("data.root", "/data/imagenet10"),
        ]);
        let name = format!("{optimizer}-lr{rate:.4}-{at:02}");
        let run = self.run(experiment, &name, start, tags).await?;
        let (status, steps) = match at % 11 {
            7 => ("FAILED", size.steps / 3),
            _ => ("FINISHED", size.steps),
        };
        let mut points = Training { start, steps, rate, skill }.points(&mut self.random);
        if at % 2 == 1 {
            points.extend(curves::machine(&mut self.random, start, 60));
        }
        self.client.log(&run, points, params).await?;
        if at + 6 >= size.runs {
            self.made.files +=
                files::of_run(&self.client, &mut self.random, &run, rate, skill).await?;
        }
        if at + 1 < size.runs {
            let length = i64::try_from(steps).unwrap_or(0) * PACE;
            self.end(&run, status, start + length).await?;
        }
        Ok(run)
    }

    /// A study with runs below runs.
    async fn study(&mut self) -> Result<()> {
        let experiment = self.experiment("nlp/summarize", json!([tag("team", "language")])).await?;
        for trial in 0..4 {
            let begin = self.now - (5 - trial) * HOUR;
            let user = tag("mlflow.user", "dora");
            let parent =
                self.run(&experiment, &format!("study-{trial}"), begin, json!([user])).await?;
            let params = json!([tag("trials", "5"), tag("model", "t5-small")]);
            self.client.log(&parent, Vec::new(), params).await?;
            for child in 0..5 {
                let start = begin + child * 600_000;
                let tags = json!([tag("mlflow.parentRunId", &parent), tag("mlflow.user", "dora")]);
                let run =
                    self.run(&experiment, &format!("trial-{trial}.{child}"), start, tags).await?;
                let params = json!([
                    tag("beams", self.random.choose(&["2", "4", "8"])),
                    tag("lr", self.random.choose(&["0.0001", "0.0003"])),
                ]);
                let points = curves::summaries(&mut self.random, start);
                self.client.log(&run, points, params).await?;
                let status = if (trial, child) == (2, 3) { "KILLED" } else { "FINISHED" };
                self.end(&run, status, start + 600_000).await?;
            }
            self.end(&parent, "FINISHED", begin + HOUR).await?;
        }
        Ok(())
    }

    /// A few runs, one after the other.
    async fn small(&mut self, plan: &Plan) -> Result<()> {
        let tags = json!([tag("team", plan.team), tag("mlflow.note.content", plan.note)]);
        let experiment = self.experiment(plan.name, tags).await?;
        for at in 0..plan.runs {
            let start = self.now - i64::try_from(plan.runs - at).unwrap_or(0) * plan.pause;
            let trained = (plan.make)(&mut self.random, at, start);
            let tags =
                json!([tag("mlflow.user", plan.user), tag("mlflow.source.name", "train.py")]);
            let run = self.run(&experiment, &trained.name, start, tags).await?;
            self.client.log(&run, trained.points, trained.params).await?;
            let source = json!({"uri": format!("/data/{}", plan.dataset)}).to_string();
            let dataset = json!({
                "name": plan.dataset, "digest": "9c41f2a7", "source_type": "local", "source": source,
            });
            let context = json!([tag("mlflow.data.context", "training")]);
            let inputs = json!([{"dataset": dataset, "tags": context}]);
            let body = json!({"run_id": run, "datasets": inputs});
            self.client.post("runs/log-inputs", body).await?;
            if plan.name == "vision/segmentation" && at + 1 == plan.runs {
                self.client.upload(&run, "parcels.geojson", PARCELS.into()).await?;
                self.made.files += 1;
            }
            self.end(&run, trained.status, start + trained.took).await?;
        }
        Ok(())
    }

    /// Models with versions, and a prompt.
    async fn registry(&self, runs: &[String]) -> Result<()> {
        let name = "imagenet-classifier";
        let client = &self.client;
        let model = json!({
            "name": name, "tags": [tag("team", "vision")],
            "description": "Classifies photographs into **1,000** kinds.",
        });
        client.post("registered-models/create", model).await?;
        for (at, run) in runs.iter().take(4).enumerate() {
            let version = json!({
                "name": name, "run_id": run, "source": format!("runs:/{run}/model"),
                "tags": [tag("validated", if at == 0 { "no" } else { "yes" })],
                "description": format!("Round {} of the sweep.", at + 1),
            });
            client.post("model-versions/create", version).await?;
        }
        for (alias, version) in [("champion", "2"), ("challenger", "4")] {
            let body = json!({"name": name, "alias": alias, "version": version});
            client.post("registered-models/alias", body).await?;
        }
        let prompt = tag("mlflow.prompt.is_prompt", "true");
        let body = json!({"name": "summarize", "tags": [prompt]});
        client.post("registered-models/create", body).await?;
        for (message, text) in [
            ("First try", "Summarize:\n\n{{ text }}"),
            ("Shorter answers", "Summarize in one sentence, for a busy reader:\n\n{{ text }}"),
        ] {
            let version = json!({
                "name": "summarize", "source": "dummy-source", "description": message,
                "tags": [prompt, tag("mlflow.prompt.text", text), tag("_mlflow_prompt_type", "text")],
            });
            client.post("model-versions/create", version).await?;
        }
        Ok(())
    }

    async fn logged_models(&self, experiment: &str, runs: &[String]) -> Result<()> {
        for (at, run) in runs.iter().take(3).enumerate() {
            let model = json!({
                "experiment_id": experiment, "name": format!("resnet34-{at}"), "source_run_id": run,
                "model_type": "classifier", "params": [tag("depth", "34")],
                "tags": [tag("framework", "torch")],
            });
            let made = self.client.post("logged-models", model).await?;
            let id = client::text(&made["model"]["info"]["model_id"]);
            let status = if at == 0 { "LOGGED_MODEL_UPLOAD_FAILED" } else { "LOGGED_MODEL_READY" };
            let score = json!({
                "key": "test/accuracy", "value": 0.81 + at as f64 / 40.0, "step": 0,
                "timestamp": self.now, "model_id": id,
            });
            let metrics = json!({"run_id": run, "metrics": [score]});
            self.client.post("runs/log-batch", metrics).await?;
            let path = format!("logged-models/{id}");
            self.client.patch(&path, json!({"model_id": id, "status": status})).await?;
        }
        Ok(())
    }
}

/// A tag or a param.
fn tag(key: &str, value: &str) -> Value {
    json!({"key": key, "value": value})
}
