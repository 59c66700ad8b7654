//! What runs read and wrote: datasets and logged models.
//!
//! A dataset is a folder of its experiment, called by a hash of its name and digest; that a run read
//! it is a folder of the run, called by a hash of that and of the run, as MLflow has it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use md5::{Digest, Md5};
use oxflow_model::{
    Dataset, DatasetInput, DatasetSummary, Error, ErrorCode, ExperimentId, LoggedModelInput,
    LoggedModelOutput, Result, RunId, Tag,
};

use crate::changes::Changes;
use crate::index::locked;
use crate::run_state::{Needs, RunPlace};
use crate::store::View;
use crate::tree::{Content, Look, Tree};
use crate::yaml::{Map, Node};
use crate::{experiment, names, run_state};

/// The tag of an edge that says what a dataset was used for.
pub const CONTEXT_TAG: &str = "mlflow.data.context";

const MOST_SUMMARIES: usize = 1000;

/// Datasets by id.
pub type ById = HashMap<String, Arc<Dataset>>;

/// The datasets of an experiment.
#[derive(Debug, Default)]
pub struct Datasets {
    tree: Tree<StoredDataset>,
    shown: Arc<ById>,
}

#[derive(Debug)]
struct StoredDataset(Arc<Dataset>);

impl Content for StoredDataset {
    fn read(look: Look<'_>, path: &str, _: Option<Self>) -> Result<Option<Self>, String> {
        let Some(bytes) = look.folder.read(path).map_err(|e| e.to_string())? else {
            return Ok(None);
        };
        let map = Map::parse(&bytes)?;
        Ok(Some(StoredDataset(Arc::new(Dataset {
            name: map.owned("name").unwrap_or_default(),
            digest: map.owned("digest").unwrap_or_default(),
            source_type: map.owned("source_type").unwrap_or_default(),
            source: map.owned("source").unwrap_or_default(),
            schema: map.owned("schema"),
            profile: map.owned("profile"),
        }))))
    }
}

/// One end of an edge: what the run read or wrote.
#[derive(Clone, Debug, PartialEq)]
pub enum Edge {
    /// It read a dataset.
    Dataset {
        /// The id of the dataset.
        id: String,
        /// The tags of the edge.
        tags: Vec<Tag>,
    },
    /// It read a model.
    ModelRead(LoggedModelInput),
    /// It wrote a model.
    ModelWritten(LoggedModelOutput),
}

impl Content for Edge {
    fn read(look: Look<'_>, path: &str, _: Option<Edge>) -> Result<Option<Edge>, String> {
        let Some(bytes) = look.folder.read(path).map_err(|e| e.to_string())? else {
            return Ok(None);
        };
        let map = Map::parse(&bytes)?;
        let text = |key: &str| map.owned(key).unwrap_or_default();
        let tag = |(key, value): (String, String)| Tag { key, value };
        Ok(match (map.text("source_type"), map.text("destination_type")) {
            (_, Some("MODEL_OUTPUT")) => {
                let step = map.int("step").unwrap_or(0);
                let model_id = text("destination_id");
                Some(Edge::ModelWritten(LoggedModelOutput { model_id, step }))
            }
            (Some("DATASET"), _) => {
                let tags = map.texts("tags").into_iter().map(tag).collect();
                Some(Edge::Dataset { id: text("source_id"), tags })
            }
            (Some("MODEL"), _) => {
                Some(Edge::ModelRead(LoggedModelInput { model_id: text("source_id") }))
            }
            _ => None,
        })
    }
}

/// The datasets of an experiment.
pub fn of_experiment(view: &View<'_>, path: &str) -> Arc<ById> {
    let slot = view.index().experiments.at(path);
    view.through_gate(|look| {
        let mut state = locked(&slot);
        let datasets = &mut state.datasets;
        if datasets.tree.refresh(look, &format!("{path}/datasets")) {
            let named = |(key, stored): (&str, &StoredDataset)| {
                let id = key.strip_suffix("/meta.yaml")?;
                Some((id.to_owned(), stored.0.clone()))
            };
            datasets.shown = Arc::new(datasets.tree.iter().filter_map(named).collect());
        }
        datasets.shown.clone()
    })
}

/// The datasets that edges name. Edges of datasets that are gone are left out.
pub fn resolve(edges: &[(String, Vec<Tag>)], datasets: &ById) -> Vec<DatasetInput> {
    let input = |(id, tags): &(String, Vec<Tag>)| {
        let dataset = datasets.get(id)?.as_ref().clone();
        Some(DatasetInput { tags: tags.clone(), dataset })
    };
    edges.iter().filter_map(input).collect()
}

fn hash(first: &str, second: &str) -> String {
    let digest = Md5::new().chain_update(first).chain_update(second).finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn edge(source_type: &str, source: &str, destination_type: &str, tags: Node) -> Map {
    Map::from([
        ("source_type", source_type.into()),
        ("source_id", source.into()),
        ("destination_type", destination_type.into()),
        // MLflow writes the source here as well.
        ("destination_id", source.into()),
        ("tags", tags),
    ])
}

/// Notes the datasets and models a run read; each once, with the tags it was first noted with.
pub fn log_inputs(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    run: &RunPlace,
    datasets: &[DatasetInput],
    models: &[LoggedModelInput],
) -> Result<()> {
    log_inputs_from(view, changes, &run.path, run, datasets, models)
}

/// The same; files in the making are in the folder `base`.
pub fn log_inputs_from(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    base: &str,
    run: &RunPlace,
    datasets: &[DatasetInput],
    models: &[LoggedModelInput],
) -> Result<()> {
    let experiment = run.experiment_path();
    let mut noted = BTreeSet::new();
    let mut is_new = |folder: &str| {
        !view.look.folder.exists(&format!("{folder}/meta.yaml")) && noted.insert(folder.to_owned())
    };
    for input in datasets {
        let dataset = &input.dataset;
        let id = hash(&dataset.name, &dataset.digest);
        let folder = format!("{experiment}/datasets/{id}");
        if is_new(&folder) {
            changes.put_meta(experiment, &folder, &meta(dataset))?;
        }
        let folder = format!("{}/inputs/{}", run.path, hash(&id, run.id.as_str()));
        if is_new(&folder) {
            let tags = input.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
            let edge = edge("DATASET", &id, "RUN", Node::map(tags));
            changes.put_meta(base, &folder, &edge)?;
        }
    }
    for model in models {
        let folder = format!("{}/inputs/{}", run.path, hash(&model.model_id, run.id.as_str()));
        if is_new(&folder) {
            let edge = edge("MODEL", &model.model_id, "RUN", Node::map([]));
            changes.put_meta(base, &folder, &edge)?;
        }
    }
    Ok(())
}

fn meta(dataset: &Dataset) -> Map {
    Map::from([
        ("digest", (&dataset.digest).into()),
        ("name", (&dataset.name).into()),
        ("profile", dataset.profile.as_ref().into()),
        ("schema", dataset.schema.as_ref().into()),
        ("source", (&dataset.source).into()),
        ("source_type", (&dataset.source_type).into()),
    ])
}

/// Notes the models a run wrote; the same one twice is refused.
pub fn log_outputs(
    view: &View<'_>,
    changes: &mut Changes<'_>,
    run: &RunPlace,
    models: &[LoggedModelOutput],
) -> Result<()> {
    let mut noted = BTreeSet::new();
    for model in models {
        let id = &model.model_id;
        names::check_id("model id", id)?;
        let folder = format!("{}/outputs/{id}", run.path);
        if view.look.folder.exists(&format!("{folder}/meta.yaml")) || !noted.insert(id) {
            return Err(Error::new(
                ErrorCode::BadRequest,
                format!("The model {id} is an output of the run {} already.", run.id),
            ));
        }
        put_output(changes, &run.path, run, model)?;
    }
    Ok(())
}

/// Notes a model that a run wrote; the file in the making is in the folder `base`.
pub fn put_output(
    changes: &mut Changes<'_>,
    base: &str,
    run: &RunPlace,
    model: &LoggedModelOutput,
) -> Result<()> {
    let mut edge = edge("RUN_OUTPUT", &model.model_id, "MODEL_OUTPUT", Node::map([]));
    edge.set("step", model.step.into());
    changes.put_meta(base, &format!("{}/outputs/{}", run.path, model.model_id), &edge)
}

/// Up to 1,000 distinct datasets with the contexts they were used in.
pub fn summaries(view: &View<'_>, experiments: &[ExperimentId]) -> Vec<DatasetSummary> {
    let mut found = BTreeSet::new();
    let needs = Needs { edges: true, ..Needs::default() };
    for (experiment, path) in experiment::paths(view, experiments) {
        let datasets = of_experiment(view, &path);
        for run in run_state::all(view, experiment, &path, needs) {
            for (id, tags) in &run.dataset_edges {
                let Some(dataset) = datasets.get(id) else { continue };
                let context = tags.iter().find(|tag| tag.key == CONTEXT_TAG);
                let context = context.map(|tag| tag.value.clone()).filter(|text| !text.is_empty());
                found.insert((experiment, dataset.name.clone(), dataset.digest.clone(), context));
            }
        }
    }
    let summary = |(experiment_id, name, digest, context)| DatasetSummary {
        experiment_id,
        name,
        digest,
        context,
    };
    found.into_iter().take(MOST_SUMMARIES).map(summary).collect()
}

/// The message for a run that is not there.
pub fn no_such_run(id: &RunId) -> Error {
    Error::not_found(format!("Run with id={id} not found"))
}
