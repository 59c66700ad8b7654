//! Sources of model versions. Whoever creates a version says where its files are, and whoever may
//! read the version may read these files, through this server too. So a source must be something
//! that the client could read anyway: files of the run or logged model that the request names, a
//! registered model of this server, or storage that clients reach by themselves.
//!
//! Nothing here opens a source; at most, links of local folders are followed.

use oxflow_artifacts::{ArtifactPath, ArtifactUri};
use oxflow_model::registry::{PROMPT_SOURCES, no_such_alias, no_such_model};
use oxflow_model::{
    Error, LoggedModel, ModelId, ModelName, ModelUri, ModelVersion, Result, RunId, Stage,
    VersionId, validate,
};

use crate::app::AppState;

/// How many references to other models are followed.
const MOST_REFERENCES: usize = 4;

/// What a request says about a source. Empty texts count as said.
pub struct Claim {
    /// The source.
    pub source: String,
    /// The run that is said to have made it.
    pub run_id: Option<String>,
    /// The logged model that it is said to be.
    pub model_id: Option<String>,
}

/// A source that the client may use; where it leads is not known yet.
pub struct Allowed {
    source: String,
    run_id: Option<String>,
    model_id: Option<ModelId>,
    /// Where the files are; `None` if the logged model knows.
    files: Option<String>,
}

/// A source that may be stored.
pub struct Source {
    /// What to store as the source.
    pub source: String,
    /// Where the files are.
    pub storage_location: String,
    /// The run that made them.
    pub run_id: Option<String>,
    /// The logged model they belong to.
    pub model_id: Option<ModelId>,
}

impl Allowed {
    /// Finds out where the source leads.
    pub async fn locate(self, app: &AppState) -> Result<Source> {
        let Allowed { source, mut run_id, model_id, files } = self;
        let mut storage_location = files;
        let named = run_id.as_ref().is_some_and(|id| !id.is_empty());
        if let Some(id) = &model_id
            && (!named || storage_location.is_none())
        {
            let follows = storage_location.is_none();
            let model = logged_model(app, id)
                .await
                .map_err(|error| if follows { unable_to_fetch(&source, &error) } else { error })?;
            storage_location = storage_location.or(Some(model.artifact_location));
            if !named {
                run_id = model.source_run_id;
            }
        }
        let storage_location = storage_location.unwrap_or_else(|| source.clone());
        Ok(Source { source, storage_location, run_id, model_id })
    }
}

fn unable_to_fetch(source: &str, error: &Error) -> Error {
    let message = format!(
        "Unable to fetch model from model URI source artifact location '{source}'.Error: {error}"
    );
    Error::new(error.code(), message)
}

impl Claim {
    fn run(&self) -> Option<RunId> {
        self.run_id.as_ref().filter(|id| !id.is_empty()).map(RunId::new)
    }

    fn model(&self) -> Option<ModelId> {
        self.model_id.as_ref().filter(|id| !id.is_empty()).map(ModelId::new)
    }

    fn invalid(&self, why: &str) -> Error {
        Error::invalid(format!("Invalid model version source: '{}'.{why}", self.source))
    }

    /// The error for a source that is not part of what `field` names.
    fn not_part_of(&self, field: &str) -> Error {
        self.invalid(&format!(
            " The {field} request parameter must identify the resource that contains the source."
        ))
    }

    fn not_direct(&self) -> Error {
        self.invalid(
            " If supplying a source as an http, https, local file path, ftp, objectstore, or \
             mlflow-artifacts uri, an absolute path must be provided without relative path \
             references present. Please provide an absolute path.",
        )
    }

    fn not_below(&self, field: &str) -> Error {
        self.invalid(&format!(
            " To use a local path as a model version source, the {field} request parameter has to \
             be specified and the local path has to be contained within the artifact directory of \
             the run specified by the {field}."
        ))
    }
}

/// Checks the source of a version of a prompt, which is only a word.
pub fn check_prompt(app: &AppState, claim: Claim) -> Result<Allowed> {
    check_pattern(app, &claim)?;
    if !PROMPT_SOURCES.contains(&claim.source.as_str()) {
        return Err(Error::invalid(format!(
            "Invalid prompt source: '{}'. Prompt sources must use an MLflow placeholder.",
            claim.source
        )));
    }
    Ok(Allowed {
        files: Some(claim.source.clone()),
        source: claim.source,
        run_id: Some(claim.run_id.unwrap_or_default()),
        model_id: None,
    })
}

/// Checks the source of a version of a model.
pub async fn check(app: &AppState, claim: Claim) -> Result<Allowed> {
    check_pattern(app, &claim)?;
    let uri = ArtifactUri::parse(&claim.source)?;
    app.artifacts.resolver.policy().check_host(&uri, "source")?;
    if uri.scheme() != "models" {
        return check_files(app, claim, &uri).await;
    }
    if !uri.authority().is_empty() {
        return Err(claim.invalid(" Registered model sources must use the active model registry."));
    }
    match ModelUri::parse_path(model_path(&claim.source)) {
        None => Err(claim.not_part_of("model_id")),
        Some(ModelUri::Logged(id)) => check_logged_model(claim, &uri, id),
        Some(reference) => copy(app, claim, reference).await,
    }
}

fn check_pattern(app: &AppState, claim: &Claim) -> Result<()> {
    match &app.settings.source_pattern {
        Some(pattern) if !pattern.allows(&claim.source) => Err(claim.invalid("")),
        _ => Ok(()),
    }
}

/// The path of a `models:` URI. Names may hold what starts a fragment elsewhere.
fn model_path(uri: &str) -> &str {
    let path = uri.split_once(':').map_or("", |(_, path)| path);
    path.split('?').next().unwrap_or_default()
}

/// `models:/<id>`: the request must name the same logged model.
fn check_logged_model(claim: Claim, uri: &ArtifactUri, id: ModelId) -> Result<Allowed> {
    if !uri.is_direct() {
        return Err(claim.not_direct());
    }
    if claim.model().as_ref() != Some(&id) {
        return Err(claim.not_part_of("model_id"));
    }
    Ok(Allowed { source: claim.source, run_id: claim.run_id, model_id: Some(id), files: None })
}

async fn logged_model(app: &AppState, id: &ModelId) -> Result<LoggedModel> {
    app.store
        .find_logged_model(id, false)
        .await?
        .ok_or_else(|| Error::not_found(format!("Logged model with ID '{id}' not found.")))
}

/// A version of a registered model: the new version is a copy of it.
async fn copy(app: &AppState, claim: Claim, reference: ModelUri) -> Result<Allowed> {
    let (ModelUri::Version { name, .. }
    | ModelUri::Latest { name }
    | ModelUri::Stage { name, .. }
    | ModelUri::Alias { name, .. }) = &reference
    else {
        return Err(claim.not_part_of("model_id"));
    };
    let name = ModelName::parse(name)?;
    let model = app.store.find_registered_model(&name).await?;
    if model.ok_or_else(|| no_such_model(&name))?.is_prompt() {
        return Err(claim.invalid(" Prompt versions cannot be used as model version sources."));
    }
    let original = referenced_version(app, name, reference).await?;
    // Versions do not tell which logged model they are of, so that none can be right.
    let other_run = claim
        .run_id
        .as_ref()
        .is_some_and(|id| id.as_str() != original.run_id.as_deref().unwrap_or_default());
    if other_run || claim.model().is_some() {
        return Err(claim.invalid(
            " The run_id and model_id request parameters must match the referenced model version.",
        ));
    }
    let claim = Claim { source: format!("models:/{}/{}", original.name, original.number), ..claim };
    if !ArtifactUri::parse(&claim.source)?.is_direct() {
        return Err(claim.not_direct());
    }
    Ok(Allowed {
        files: Some(original.download_uri().to_owned()),
        source: claim.source,
        run_id: claim.run_id.or(original.run_id),
        model_id: None,
    })
}

/// The version of the model `name` that a `models:` URI refers to.
async fn referenced_version(
    app: &AppState,
    name: ModelName,
    reference: ModelUri,
) -> Result<ModelVersion> {
    match reference {
        ModelUri::Version { version, .. } => {
            let id = VersionId::of(name, &version)?;
            app.store.find_model_version(&id).await?.ok_or_else(|| id.not_found())
        }
        ModelUri::Alias { alias, .. } => by_alias(app, &name, &alias).await,
        ModelUri::Stage { stage, .. } => {
            let wanted = Stage::parse(&stage)?;
            let latest = app.store.latest_model_versions(&name).await?;
            latest.into_iter().find(|version| version.stage == wanted).ok_or_else(|| {
                Error::not_found(format!(
                    "No versions of model with name '{name}' and stage '{stage}' found"
                ))
            })
        }
        ModelUri::Latest { .. } | ModelUri::Logged(_) => {
            newest(app, &name).await?.ok_or_else(|| {
                Error::not_found(format!("No versions of model with name '{name}' found"))
            })
        }
    }
}

/// The newest version of a model.
async fn newest(app: &AppState, name: &ModelName) -> Result<Option<ModelVersion>> {
    let latest = app.store.latest_model_versions(name).await?;
    Ok(latest.into_iter().max_by_key(|version| version.number))
}

/// The version that an alias stands for. `latest` always stands for the newest.
pub async fn by_alias(app: &AppState, name: &ModelName, alias: &str) -> Result<ModelVersion> {
    validate::check_alias(alias)?;
    if alias.eq_ignore_ascii_case("latest") {
        return newest(app, name).await?.ok_or_else(|| {
            Error::not_found(format!("Latest version not found for model {name}."))
        });
    }
    let found = app.store.find_aliased_version(name, alias).await?;
    found.ok_or_else(|| no_such_alias(alias))
}

/// What holds the files of a version, according to the request.
struct Owner {
    /// The parameter that names it.
    field: &'static str,
    /// Where its files are; `None` if the request names none, or one that is not there.
    root: Option<ArtifactUri>,
    /// Whether the request names one.
    named: bool,
}

async fn owner(app: &AppState, claim: &Claim) -> Result<Owner> {
    let (field, named, location) = match (claim.model(), claim.run()) {
        (Some(id), _) => {
            let model = app.store.find_logged_model(&id, false).await?;
            ("model_id", true, model.map(|model| model.artifact_location))
        }
        (None, Some(id)) => {
            let run = app.store.find_run_info(&id).await?;
            ("run_id", true, run.map(|run| run.artifact_uri))
        }
        (None, None) => ("run_id", false, None),
    };
    let root = location.as_deref().map(ArtifactUri::parse).transpose()?;
    Ok(Owner { field, root, named })
}

/// Any source but `models:`.
async fn check_files(app: &AppState, claim: Claim, uri: &ArtifactUri) -> Result<Allowed> {
    let owner = owner(app, &claim).await?;
    check_place(app, &claim, uri, &owner).await?;
    Ok(Allowed {
        model_id: claim.model(),
        run_id: Some(claim.run_id.unwrap_or_default()),
        files: Some(claim.source.clone()),
        source: claim.source,
    })
}

/// Whether the files are where the request says they are.
async fn check_place(
    app: &AppState,
    claim: &Claim,
    uri: &ArtifactUri,
    owner: &Owner,
) -> Result<()> {
    let field = owner.field;
    if uri.is_local() {
        return match &owner.root {
            None if owner.named => Err(claim.not_part_of(field)),
            Some(root) if uri.is_within_folder(root, &app.artifacts.cwd).await? => Ok(()),
            _ => Err(claim.not_below(field)),
        };
    }
    if !uri.is_direct() {
        return Err(claim.not_direct());
    }
    let foreign_run = uri.scheme() == "runs" && !is_of_run(uri, claim);
    let foreign_files = uri.is_proxied_in_disguise()
        && !owner.root.as_ref().is_some_and(|root| uri.is_within(root));
    if foreign_run || foreign_files { Err(claim.not_part_of(field)) } else { Ok(()) }
}

/// Whether `runs:/<id>/…` names the run of the request. Files of a run are not a logged model.
fn is_of_run(uri: &ArtifactUri, claim: &Claim) -> bool {
    let (id, _) = run_path(uri);
    let same = claim.run().is_some_and(|run| run.as_str() == id);
    same && claim.model().is_none() && uri.authority().is_empty()
}

/// The run and the path in `runs:/<id>/<path>`.
fn run_path(uri: &ArtifactUri) -> (&str, &str) {
    let path = uri.path();
    let path = path.strip_prefix('/').unwrap_or(path);
    path.split_once('/').unwrap_or((path, ""))
}

/// Where the files of a version are, once references to runs and models are followed.
pub async fn location(app: &AppState, version: &ModelVersion) -> Result<String> {
    let mut location = version.download_uri().to_owned();
    for _ in 0..MOST_REFERENCES {
        let uri = ArtifactUri::parse(&location)?;
        location = match uri.scheme() {
            "runs" => in_run(app, &uri).await?,
            "models" => match ModelUri::parse_path(model_path(&location)) {
                Some(ModelUri::Logged(id)) => logged_model(app, &id).await?.artifact_location,
                Some(ModelUri::Version { name, version }) => {
                    let id = VersionId::parse(&name, &version)?;
                    let found = app.store.find_model_version(&id).await?;
                    found.ok_or_else(|| id.not_found())?.download_uri().to_owned()
                }
                _ => break,
            },
            _ => return Ok(location),
        };
    }
    Err(Error::invalid(format!("The source '{location}' leads to no files.")))
}

async fn in_run(app: &AppState, uri: &ArtifactUri) -> Result<String> {
    let (id, path) = run_path(uri);
    let id = RunId::new(id);
    let run = app.store.find_run_info(&id).await?;
    let run = run.ok_or_else(|| Error::not_found(format!("Run with id={id} not found")))?;
    let below = ArtifactPath::parse(path)?;
    Ok(ArtifactUri::parse(&run.artifact_uri)?.append_path(&below)?.as_str().to_owned())
}
