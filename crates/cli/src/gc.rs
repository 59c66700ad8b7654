//! `oxflow gc`: what is in the bin leaves it for good, as with `mlflow gc`. Artifacts go first, and
//! what they belong to only after them: what fails today is found again tomorrow.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use oxflow_artifacts::{ArtifactPath, ArtifactStore, ArtifactUri, RemoteSettings};
use oxflow_model::{
    Clock as _, Error, ErrorCode, Experiment, ExperimentId, LifecycleStage, Millis, ModelId,
    PageRequest, Result, RunId, ViewType,
};
use oxflow_store::{Binned, ExperimentSearch, ModelsInBin, RunsInBin, Store};

use crate::args::{GcArgs, ServerArgs};
use crate::artifacts::progress::size;
use crate::compose;
use crate::env::Env;
use crate::settings;
use crate::system::SystemClock;
use crate::tracking::{cwd, open_location};

/// How many things are looked up at a time.
const CHUNK: u32 = 500;

/// Runs the command; tells what it does as it does it, and whether all went well.
pub fn run(args: &GcArgs, env: &Env, say: &mut dyn FnMut(&str)) -> Result<bool> {
    refuse(args)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::internal(format!("Cannot start the runtime: {error}.")))?;
    runtime.block_on(async {
        let mut gc = Gc::new(args, env, say)?;
        let done = gc.collect(args).await;
        gc.store.close().await?;
        done
    })
}

fn refuse(args: &GcArgs) -> Result<()> {
    let refuse =
        |what: &str| Err(Error::invalid(format!("{what} is not supported by this build.")));
    if args.jobs || args.job_ids.is_some() {
        return refuse("--jobs: erasing jobs");
    }
    if args.all_workspaces || args.workspace.as_deref().is_some_and(|name| name != "default") {
        return refuse("--workspace: erasing things in another workspace than the default one");
    }
    Ok(())
}

/// What is being erased, and how.
struct Gc<'a> {
    store: Arc<dyn Store>,
    artifacts: Locations,
    say: &'a mut dyn FnMut(&str),
    dry_run: bool,
    /// What was deleted later than this stays; with the age in the words of the user.
    limit: Limit,
    /// What failed, and in a dry run what was told already.
    seen: HashSet<String>,
    failed: u64,
    erased: u64,
    files: u64,
    bytes: u64,
}

#[derive(Clone)]
struct Limit {
    by: Millis,
    age: Option<String>,
}

/// From locations to stores.
struct Locations {
    remote: RemoteSettings,
    cwd: PathBuf,
    /// What is behind the proxy, for who works without the server.
    destination: Option<Arc<dyn ArtifactStore>>,
}

/// A place in a store that belongs to one run or model.
struct Place {
    store: Arc<dyn ArtifactStore>,
    root: ArtifactPath,
}

impl Locations {
    fn new(args: &GcArgs, env: &Env) -> Result<Locations> {
        let variable = |name: &str| match (name, &args.tracking_uri) {
            ("MLFLOW_TRACKING_URI", Some(uri)) => Some(uri.clone()),
            _ => env.get(name).map(str::to_owned),
        };
        let (remote, cwd) = (RemoteSettings::read(variable)?, cwd()?);
        let named = args.artifacts_destination.as_deref();
        let destination = match named.or_else(|| env.get("MLFLOW_ARTIFACTS_DESTINATION")) {
            Some(uri) => {
                let uri = ArtifactUri::parse(uri)?.absolute(&cwd)?;
                Some(open_location(&remote, &cwd, &uri)?)
            }
            None => None,
        };
        Ok(Locations { remote, cwd, destination })
    }

    /// `None` for what never had artifacts. All that is in a place is going to be deleted, so it
    /// must not be one that others share.
    fn place(&self, location: &str) -> Result<Option<Place>> {
        if location.is_empty() {
            return Ok(None);
        }
        let uri = ArtifactUri::parse(location)?;
        let shared = || {
            let why = "its location is a whole storage, or a folder that holds other things";
            Error::invalid(format!("{why}: {uri}"))
        };
        if uri.path().split('/').all(|part| matches!(part, "" | "." | "..")) {
            return Err(shared());
        }
        if uri.is_local() {
            // What is not there holds nothing.
            let real = |path: PathBuf| std::fs::canonicalize(&path).unwrap_or(path);
            let (folder, cwd) = (real(uri.local_path(&self.cwd)?), real(self.cwd.clone()));
            if cwd.starts_with(&folder) || folder.components().count() < 3 {
                return Err(shared());
            }
        }
        if let (Some(store), Some(root)) = (&self.destination, uri.proxied_path()?) {
            return match root.is_root() {
                true => Err(shared()),
                false => Ok(Some(Place { store: store.clone(), root })),
            };
        }
        let store = open_location(&self.remote, &self.cwd, &uri)?;
        Ok(Some(Place { store, root: ArtifactPath::root() }))
    }
}

impl Place {
    async fn delete(&self) -> Result<()> {
        match self.root.is_root() {
            true => self.store.delete_all().await,
            false => self.store.delete(&self.root).await,
        }
    }

    /// The number of files, and their bytes.
    async fn size(&self) -> Result<(u64, u64)> {
        let (mut files, mut bytes) = (0, 0);
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            for info in self.store.list(&folder).await? {
                if info.is_dir {
                    folders.push(ArtifactPath::parse(&info.path)?);
                } else {
                    files += 1;
                    bytes += info.size;
                }
            }
        }
        Ok((files, bytes))
    }
}

impl<'a> Gc<'a> {
    fn new(args: &GcArgs, env: &Env, say: &'a mut dyn FnMut(&str)) -> Result<Gc<'a>> {
        let age = args.older_than.as_deref().map(parse_age).transpose()?;
        let by = Millis(SystemClock.now().0.saturating_sub(age.unwrap_or(0)));
        let uri = match &args.backend_store_uri {
            Some(uri) => uri.clone(),
            None => settings::default_store(&cwd()?).to_owned(),
        };
        let server = ServerArgs {
            backend_store_uri: Some(uri),
            no_serve_artifacts: true,
            ..ServerArgs::default()
        };
        let store = compose::store(&settings::resolve(server, env).map_err(Error::invalid)?)?;
        Ok(Gc {
            store,
            artifacts: Locations::new(args, env)?,
            say,
            dry_run: args.dry_run,
            limit: Limit { by, age: args.older_than.clone().filter(|age| !age.is_empty()) },
            seen: HashSet::new(),
            failed: 0,
            erased: 0,
            files: 0,
            bytes: 0,
        })
    }

    async fn collect(&mut self, args: &GcArgs) -> Result<bool> {
        let experiments = self.experiments(args.experiment_ids.as_deref()).await?;
        let runs = self.runs(args.run_ids.as_deref(), &experiments).await?;
        let models = self.models(args.logged_model_ids.as_deref()).await?;
        for runs in runs {
            self.erase_runs(runs).await?;
        }
        for models in models {
            self.erase_models(models).await?;
        }
        for id in experiments {
            self.erase_experiment(id).await?;
        }
        Ok(self.conclude())
    }

    /// Says what there is in all; whether all went well.
    fn conclude(&mut self) -> bool {
        if self.dry_run {
            let (files, bytes) = (self.files, size(self.bytes));
            (self.say)(&format!(
                "Nothing was deleted. It would be {} in all, with {files} files, {bytes}.",
                self.erased
            ));
        }
        if self.failed > 0 {
            (self.say)(&format!(
                "{} could not be deleted, for the reasons above, and stay for the next time.",
                self.failed
            ));
        }
        self.failed == 0
    }

    /// The experiments to erase. Those that were named have to be in the bin, and long enough.
    async fn experiments(&self, named: Option<&str>) -> Result<Vec<ExperimentId>> {
        let Some(named) = named.filter(|named| !named.is_empty()) else {
            let mut found = self.deleted_experiments().await?;
            found.retain(|experiment| self.limit.age.is_none() || self.is_old(experiment));
            return Ok(found.into_iter().map(|experiment| experiment.id).collect());
        };
        let (mut ids, mut active, mut young) = (Vec::new(), Vec::new(), Vec::new());
        for name in named.split(',') {
            let missing = || Error::not_found(format!("No Experiment with id={name} exists"));
            let id = name.parse().map(ExperimentId).map_err(|_| missing())?;
            let found = self.store.find_experiment(id).await?.ok_or_else(missing)?;
            if found.lifecycle_stage != LifecycleStage::Deleted {
                active.push(name);
            } else if !self.is_old(&found) {
                young.push(name);
            }
            ids.push(id);
        }
        if !active.is_empty() {
            return Err(Error::invalid(format!(
                "Experiments {active:?} are not in the deleted lifecycle stage. Only experiments \
                 in the deleted lifecycle stage can be hard-deleted."
            )));
        }
        match &self.limit.age {
            Some(age) if !young.is_empty() => Err(Error::invalid(format!(
                "Experiments {young:?} are not older than the required age. Only experiments older \
                 than {age} can be deleted."
            ))),
            _ => Ok(ids),
        }
    }

    async fn deleted_experiments(&self) -> Result<Vec<Experiment>> {
        let mut found = Vec::new();
        let mut offset = Some(0);
        while let Some(from) = offset {
            let search = ExperimentSearch {
                filter: Vec::new(),
                order_by: Vec::new(),
                view: ViewType::DeletedOnly,
                page: PageRequest { limit: CHUNK.into(), offset: from },
            };
            let page = self.store.search_experiments(search).await?;
            found.extend(page.items);
            offset = page.next_offset;
        }
        Ok(found)
    }

    fn is_old(&self, experiment: &Experiment) -> bool {
        experiment.updated_at.is_some_and(|at| at < self.limit.by)
    }

    /// The runs to erase: those that were named or all that are old enough, and those of the
    /// experiments. Nothing is erased if one of them must not be.
    async fn runs(
        &self,
        named: Option<&str>,
        experiments: &[ExperimentId],
    ) -> Result<Vec<RunsInBin>> {
        let mut wanted = Vec::new();
        match named.filter(|named| !named.is_empty()) {
            None => wanted.push(RunsInBin::DeletedBy(self.limit.by)),
            Some(named) => {
                for id in named.split(',').map(RunId::new) {
                    let found = self.store.find_run_info(&id).await?;
                    let missing = || Error::not_found(format!("Run with id={id} not found"));
                    let info = found.ok_or_else(missing)?;
                    if info.lifecycle_stage != LifecycleStage::Deleted {
                        return Err(Error::invalid(format!(
                            "Run {id} is not in `deleted` lifecycle stage. Only runs in `deleted` \
                             lifecycle stage can be deleted."
                        )));
                    }
                    wanted.push(RunsInBin::Named(id));
                }
            }
        }
        wanted.extend(experiments.iter().map(|id| RunsInBin::Of(*id)));
        if self.limit.age.is_some() {
            for runs in &wanted {
                self.check_age(runs).await?;
            }
        }
        Ok(wanted)
    }

    async fn check_age(&self, runs: &RunsInBin) -> Result<()> {
        if matches!(runs, RunsInBin::DeletedBy(_)) {
            return Ok(());
        }
        let mut after = None;
        loop {
            let page = self.store.runs_in_bin(runs.clone(), after, CHUNK).await?;
            for run in &page {
                self.limit.check("Run", "runs", run)?;
            }
            match page.last() {
                Some(last) => after = Some(RunId::new(&last.id)),
                None => return Ok(()),
            }
        }
    }

    async fn models(&self, named: Option<&str>) -> Result<Vec<ModelsInBin>> {
        let Some(named) = named.filter(|named| !named.is_empty()) else {
            return Ok(vec![ModelsInBin::DeletedBy(self.limit.by)]);
        };
        let mut wanted = Vec::new();
        for id in named.split(',').map(ModelId::new) {
            let of_it = ModelsInBin::Named(id.clone());
            let found = self.store.models_in_bin(of_it.clone(), None, 1).await?;
            let Some(model) = found.first() else {
                let active = self.store.find_logged_model(&id, true).await?.is_some();
                return Err(match active {
                    true => Error::invalid(format!(
                        "Logged model {id} is not in `deleted` lifecycle stage. Only logged models \
                         in `deleted` lifecycle stage can be deleted."
                    )),
                    false => Error::not_found(format!("Logged model with ID '{id}' not found.")),
                });
            };
            self.limit.check("Logged model", "logged models", model)?;
            wanted.push(of_it);
        }
        Ok(wanted)
    }

    async fn erase_runs(&mut self, wanted: RunsInBin) -> Result<()> {
        let mut after = None;
        loop {
            let page = self.store.runs_in_bin(wanted.clone(), after, CHUNK).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(RunId::new(&last.id));
            for run in &page {
                // It may have been taken out of the bin since it was looked up.
                let now = RunsInBin::Named(RunId::new(&run.id));
                let still = !self.store.runs_in_bin(now, None, 1).await?.is_empty();
                if !still || !self.is_free("Run", run).await {
                    continue;
                }
                let erased = self.store.erase_run(&RunId::new(&run.id)).await;
                self.note("Run", &run.id, erased)?;
            }
        }
    }

    async fn erase_models(&mut self, wanted: ModelsInBin) -> Result<()> {
        let mut after = None;
        loop {
            let page = self.store.models_in_bin(wanted.clone(), after, CHUNK).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(ModelId::new(&last.id));
            for model in &page {
                let now = ModelsInBin::Named(ModelId::new(&model.id));
                let still = !self.store.models_in_bin(now, None, 1).await?.is_empty();
                if !still || !self.is_free("Logged model", model).await {
                    continue;
                }
                let erased = self.store.erase_model(&ModelId::new(&model.id)).await;
                self.note("Logged model", &model.id, erased)?;
            }
        }
    }

    async fn erase_experiment(&mut self, id: ExperimentId) -> Result<()> {
        if self.dry_run {
            self.erased += 1;
            (self.say)(&format!("Experiment with ID {id} would be permanently deleted."));
            return Ok(());
        }
        let left = self.store.runs_in_bin(RunsInBin::Of(id), None, 1).await?;
        if !left.is_empty() {
            self.failed += 1;
            (self.say)(&format!("Experiment with ID {id} stays, because runs in it do."));
            return Ok(());
        }
        let erased = self.store.erase_experiment(id).await;
        self.note("Experiment", &id.to_string(), erased)
    }

    /// Deletes the artifacts; whether what they belong to can be erased now.
    async fn is_free(&mut self, kind: &str, of: &Binned) -> bool {
        if self.seen.contains(&of.id) {
            return false;
        }
        let deleted = match self.artifacts.place(&of.artifact_location) {
            Ok(Some(place)) if self.dry_run => place.size().await.map(Some),
            Ok(None) if self.dry_run => Ok(Some((0, 0))),
            Ok(Some(place)) => place.delete().await.map(|()| None),
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        match deleted {
            Ok(None) => return true,
            Ok(Some((files, bytes))) => {
                self.erased += 1;
                self.files += files;
                self.bytes += bytes;
                let (id, bytes) = (&of.id, size(bytes));
                (self.say)(&format!(
                    "{kind} with ID {id} would be permanently deleted, with {files} files, {bytes}."
                ));
            }
            Err(error) => {
                self.failed += 1;
                (self.say)(&format!(
                    "{kind} with ID {} stays, because its artifacts cannot be deleted: {error}",
                    of.id
                ));
            }
        }
        self.seen.insert(of.id.clone());
        false
    }

    /// Tells what became of something. That it is gone already, or was taken out of the bin
    /// meanwhile, is not our failure.
    fn note(&mut self, kind: &str, id: &str, erased: Result<()>) -> Result<()> {
        match erased {
            Ok(()) => {
                self.erased += 1;
                (self.say)(&format!("{kind} with ID {id} has been permanently deleted."));
            }
            Err(error) if error.code() == ErrorCode::ResourceDoesNotExist => {}
            Err(error) if error.code() == ErrorCode::InvalidState => {
                self.seen.insert(id.to_owned());
                (self.say)(&format!("{kind} with ID {id} was restored meanwhile, and stays."));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

impl Limit {
    fn check(&self, kind: &str, kinds: &str, of: &Binned) -> Result<()> {
        match &self.age {
            Some(age) if of.deleted_at.is_none_or(|at| at > self.by) => {
                Err(Error::invalid(format!(
                    "{kind} {} is not older than the required age. Only {kinds} older than {age} \
                     can be deleted.",
                    of.id
                )))
            }
            _ => Ok(()),
        }
    }
}

/// `1d2h3m4s` in milliseconds: any of them, in this order, with fractions.
fn parse_age(text: &str) -> Result<i64> {
    let bad = || {
        Error::invalid(format!(
            "Could not parse any time information from '{text}'. Examples of valid strings: '8h', \
             '2d8h5m20s', '2m4s'"
        ))
    };
    let (mut rest, mut seconds) = (text, 0.0);
    for (unit, length) in [('d', 86_400.0), ('h', 3_600.0), ('m', 60.0), ('s', 1.0)] {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        if end > 0 && rest[end..].starts_with(unit) {
            seconds += rest[..end].parse::<f64>().map_err(|_| bad())? * length;
            rest = &rest[end + 1..];
        }
    }
    if rest.is_empty() { Ok((seconds * 1000.0) as i64) } else { Err(bad()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_deleted_that_others_share() {
        let locations = Locations {
            remote: RemoteSettings::read(|_| None).unwrap(),
            cwd: PathBuf::from("/srv/oxflow/work"),
            destination: Some(Arc::new(oxflow_artifacts::LocalStore::new("/srv/artifacts"))),
        };
        assert!(locations.place("").unwrap().is_none());
        for bad in [
            ".",
            "/",
            "..",
            "/srv",
            "file:///",
            "/srv/oxflow",
            "file:///srv/oxflow/work",
            "./.",
            "s3://bucket",
            "s3://bucket/",
            "mlflow-artifacts:/",
        ] {
            assert!(locations.place(bad).is_err(), "{bad}");
        }
        for fine in ["mlruns/0/r/artifacts", "/srv/data/0/r", "s3://b/r", "mlflow-artifacts:/0/r"] {
            assert!(locations.place(fine).unwrap().is_some(), "{fine}");
        }
    }

    #[test]
    fn ages_are_written_as_in_mlflow() {
        for (text, expected) in [
            ("", 0),
            ("8h", 28_800_000),
            ("1d2h3m4s", 93_784_000),
            ("1.5s", 1_500),
            ("0.5d1s", 43_201_000),
        ] {
            assert_eq!(parse_age(text).unwrap(), expected, "{text}");
        }
        for bad in ["3x", "5", "1s2m", "1.2.3d", "-1d", "d", " 1d"] {
            assert!(parse_age(bad).is_err(), "{bad}");
        }
    }
}
