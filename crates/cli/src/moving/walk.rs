//! Walking through both stores.

use std::collections::{HashMap, HashSet};

use oxflow_model::{Error, Experiment, ExperimentId, IdSource, Metric, Result, RunId};
use oxflow_store::{ExportStore, ImportStore, PART, RunRecord, Table};

use super::points::{self, Cursor, Side};
use super::progress::Progress;
use super::report::{Counts, Report};
use super::rows::{self, Numbers};
use super::stop::Stop;

/// How many runs are read and written at a time.
const RUNS: usize = 100;

/// After how many points that are the same it is told how far it is.
const TELL: u64 = 1000;

/// What is done on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// What is in both stores must be the same.
    Look,
    /// What is missing is written.
    Copy,
    /// Nothing may be missing.
    Verify,
}

/// Two stores and what becomes of them.
pub struct Walk<'a> {
    pub source: &'a dyn ExportStore,
    pub target: &'a dyn ImportStore,
    pub ids: &'a dyn IdSource,
    pub progress: &'a Progress,
    pub stop: &'a Stop,
    pub report: &'a mut Report,
    pub pass: Pass,
    /// The experiments of the source, with the numbers they have in the target.
    experiments: Vec<(ExperimentId, Experiment)>,
    /// Those that were there before, with what the target has.
    known: HashMap<ExperimentId, Experiment>,
}

/// Points on their way to the target.
#[derive(Default)]
struct Outbox {
    points: Vec<(RunId, Vec<Metric>)>,
    count: usize,
}

impl<'a> Walk<'a> {
    /// Before the first pass. Nothing is looked at yet but the experiments.
    pub async fn new(
        source: &'a dyn ExportStore,
        target: &'a dyn ImportStore,
        ids: &'a dyn IdSource,
        progress: &'a Progress,
        stop: &'a Stop,
        report: &'a mut Report,
    ) -> Result<Walk<'a>> {
        let known = target.export_experiments().await?;
        let all = source.export_experiments().await?;
        let experiments = numbered(all, &known, target.largest_experiment(), report);
        let known = known.into_iter().map(|experiment| (experiment.id, experiment)).collect();
        let pass = Pass::Look;
        Ok(Walk { source, target, ids, progress, stop, report, pass, experiments, known })
    }

    /// One pass.
    pub async fn run(&mut self, pass: Pass) -> Result<()> {
        self.pass = pass;
        self.report.pass = Some(pass);
        self.progress.begin(match pass {
            Pass::Look => "Looking",
            Pass::Copy => "Writing",
            Pass::Verify => "Comparing",
        });
        if pass == Pass::Verify {
            let known = self.target.export_experiments().await?;
            self.known = known.into_iter().map(|found| (found.id, found)).collect();
        }
        for (from, experiment) in std::mem::take(&mut self.experiments) {
            self.stop.check()?;
            let is_new = self.experiment(&experiment).await?;
            if !self.report.is_refused(&experiment_id(experiment.id)) {
                self.runs(from, experiment.id, is_new).await?;
            }
            self.experiments.push((from, experiment));
        }
        // Their points name runs, which may be of other experiments.
        for at in 0..self.experiments.len() {
            let (from, id) = (self.experiments[at].0, self.experiments[at].1.id);
            self.models(from, id).await?;
        }
        self.registry().await?;
        if pass != Pass::Look {
            self.tables().await?;
        }
        self.progress.end();
        Ok(())
    }

    fn counts(&mut self, there: bool) -> &mut Counts {
        match self.pass {
            Pass::Verify => &mut self.report.verified,
            _ if there => &mut self.report.there,
            _ => &mut self.report.moved,
        }
    }

    /// Something is in both stores and differs.
    fn conflict(&mut self, what: &str, how: &str) -> Result<()> {
        if self.pass == Pass::Verify {
            self.report.differs(format!("{what}: {how}"));
            return Ok(());
        }
        Err(Error::invalid(format!(
            "The target holds {what} already, but not the same: {how}. It is left as it is, and \
             nothing of the source is mixed with it. Name another target, or take this out of one \
             of the two."
        )))
    }

    /// An experiment without its runs; tells whether the target has nothing in it.
    async fn experiment(&mut self, experiment: &Experiment) -> Result<bool> {
        let what = format!("the experiment {} '{}'", experiment.id, experiment.name);
        let known = self.known.get(&experiment.id).cloned();
        if let Some(known) = &known {
            if sorted(known.clone()) == sorted(experiment.clone()) {
                if self.pass != Pass::Look {
                    self.counts(true).experiments += 1;
                }
                return Ok(false);
            }
            if self.pass == Pass::Verify || !self.is_untouched(known).await? {
                let how = first_difference(&sorted(experiment.clone()), &sorted(known.clone()));
                return self.conflict(&what, &how).map(|()| false);
            }
        }
        let same_name =
            |other: &&Experiment| other.name == experiment.name && other.id != experiment.id;
        if let Some(other) = self.known.values().find(same_name) {
            let how = format!("its number there is {}", other.id);
            return self.conflict(&what, &how).map(|()| false);
        }
        match self.pass {
            Pass::Look => {}
            Pass::Copy => match self.target.import_experiment(experiment.clone()).await {
                Ok(()) => self.counts(false).experiments += 1,
                Err(error) => self.report.refuse(experiment_id(experiment.id), what, error)?,
            },
            Pass::Verify => {
                if !self.report.is_refused(&experiment_id(experiment.id)) {
                    self.report.differs(format!("{what} is missing"));
                }
            }
        }
        Ok(true)
    }

    /// Whether an experiment is the one that every new store begins with, and nobody has used it.
    async fn is_untouched(&self, experiment: &Experiment) -> Result<bool> {
        Ok(experiment.id == ExperimentId::DEFAULT
            && experiment.name == "Default"
            && experiment.tags.is_empty()
            && self.target.export_run_ids(experiment.id).await?.is_empty()
            && self.target.export_model_ids(experiment.id).await?.is_empty())
    }

    async fn runs(&mut self, from: ExperimentId, to: ExperimentId, is_new: bool) -> Result<()> {
        if self.pass == Pass::Look && is_new {
            return Ok(());
        }
        let ids = self.source.export_run_ids(from).await?;
        let known: HashSet<RunId> = if is_new {
            HashSet::new()
        } else {
            self.target.export_run_ids(to).await?.into_iter().collect()
        };
        self.progress.expect(ids.len() as u64);
        let mut outbox = Outbox::default();
        for some in ids.chunks(RUNS) {
            self.stop.check()?;
            let there: Vec<RunId> = some.iter().filter(|id| known.contains(id)).cloned().collect();
            if self.pass == Pass::Look && there.is_empty() {
                self.progress.advance(some.len() as u64, 0);
                continue;
            }
            let wanted = if self.pass == Pass::Look { there.clone() } else { some.to_vec() };
            let mut records = self.source.export_runs(wanted.clone()).await?;
            for record in &mut records {
                record.info.experiment_id = to;
            }
            if self.pass == Pass::Copy && records.len() < wanted.len() {
                let read: HashSet<&RunId> = records.iter().map(|record| &record.info.id).collect();
                for id in wanted.iter().filter(|id| !read.contains(id)) {
                    self.report.broken(format!("the run {id} of the experiment {from}"));
                }
            }
            let missing = self.compare_runs(&records, there).await?;
            let new: HashSet<RunId> = missing.iter().map(|record| record.info.id.clone()).collect();
            if self.pass == Pass::Copy {
                self.import_runs(missing).await?;
            }
            if self.pass != Pass::Look {
                for record in &records {
                    let id = &record.info.id;
                    if !self.report.is_refused(id.as_str()) {
                        self.points(id, new.contains(id), &mut outbox).await?;
                    }
                }
            }
            self.progress.advance(some.len() as u64, 0);
        }
        self.send(&mut outbox).await
    }

    /// Compares runs that are in both stores; gives those that are only in the source.
    async fn compare_runs(
        &mut self,
        records: &[RunRecord],
        there: Vec<RunId>,
    ) -> Result<Vec<RunRecord>> {
        let found =
            if there.is_empty() { Vec::new() } else { self.target.export_runs(there).await? };
        let found: HashMap<&RunId, &RunRecord> =
            found.iter().map(|record| (&record.info.id, record)).collect();
        let mut missing = Vec::new();
        for record in records {
            let id = &record.info.id;
            match found.get(id) {
                Some(known) if *known == record => {
                    if self.pass != Pass::Look {
                        self.counts(true).runs += 1;
                    }
                }
                Some(known) => {
                    let how = first_difference(record, known);
                    self.conflict(&format!("the run {id}"), &how)?;
                }
                None if self.pass == Pass::Verify => {
                    if !self.report.is_refused(id.as_str()) {
                        self.report.differs(format!("the run {id} is missing"));
                    }
                }
                None => missing.push(record.clone()),
            }
        }
        Ok(missing)
    }

    async fn import_runs(&mut self, runs: Vec<RunRecord>) -> Result<()> {
        let count = runs.len() as u64;
        if runs.is_empty() {
            return Ok(());
        }
        if self.target.import_runs(runs.clone(), self.ids).await.is_ok() {
            self.counts(false).runs += count;
            return Ok(());
        }
        // One of them is in the way of the others.
        for run in runs {
            let id = run.info.id.to_string();
            match self.target.import_runs(vec![run], self.ids).await {
                Ok(()) => self.counts(false).runs += 1,
                Err(error) => self.report.refuse(id.clone(), format!("the run {id}"), error)?,
            }
        }
        Ok(())
    }

    async fn points(&mut self, run: &RunId, is_new: bool, outbox: &mut Outbox) -> Result<()> {
        let mut source = Cursor::new(self.source.export_points(run).await?);
        let mut target = if is_new {
            Cursor::empty()
        } else {
            Cursor::new(self.target.export_points(run).await?)
        };
        let mut missing = Vec::new();
        let mut both = 0;
        while let Some(side) = points::next(&mut source, &mut target).await? {
            match side {
                Side::Both => {
                    both += 1;
                    if both % TELL == 0 {
                        self.counts(true).points += TELL;
                        self.progress.advance(0, TELL);
                        self.stop.check()?;
                    }
                }
                Side::Missing(point) if self.pass == Pass::Copy => {
                    missing.push(point);
                    if missing.len() == PART {
                        outbox.count += missing.len();
                        outbox.points.push((run.clone(), std::mem::take(&mut missing)));
                        self.send(outbox).await?;
                    }
                }
                Side::Missing(point) => {
                    if !self.report.is_refused(&metric_id(run, &point.key)) {
                        self.report.differs(format!("the run {run} lacks {}", shown(&point)));
                    }
                }
                Side::Extra(point) => {
                    let how = format!("it has {}", shown(&point));
                    self.conflict(&format!("the run {run}"), &how)?;
                }
            }
        }
        self.counts(true).points += both % TELL;
        self.progress.advance(0, both % TELL);
        if !missing.is_empty() {
            outbox.count += missing.len();
            outbox.points.push((run.clone(), missing));
        }
        if outbox.count >= PART { self.send(outbox).await } else { Ok(()) }
    }

    async fn send(&mut self, outbox: &mut Outbox) -> Result<()> {
        self.stop.check()?;
        let Outbox { points, count } = std::mem::take(outbox);
        if points.is_empty() {
            return Ok(());
        }
        if self.target.import_points(points.clone()).await.is_ok() {
            self.counts(false).points += count as u64;
            self.progress.advance(0, count as u64);
            return Ok(());
        }
        // A metric of one run is in the way of the others. What was written of them stays, and is
        // left out this time.
        for (run, points) in points {
            let mut there = Cursor::new(self.target.export_points(&run).await?);
            let mut wanted = Cursor::of(points);
            let mut missing = Vec::new();
            while let Some(side) = points::next(&mut wanted, &mut there).await? {
                if let Side::Missing(point) = side {
                    missing.push(point);
                }
            }
            for points in missing.chunk_by(|a, b| a.key == b.key) {
                let Some(key) = points.first().map(|point| &point.key) else { continue };
                let metric = vec![(run.clone(), points.to_vec())];
                match self.target.import_points(metric).await {
                    Ok(()) => self.counts(false).points += points.len() as u64,
                    Err(error) => {
                        let what = format!("the metric '{key}' of the run {run}");
                        self.report.refuse(metric_id(&run, key), what, error)?;
                    }
                }
            }
        }
        Ok(())
    }

    async fn models(&mut self, from: ExperimentId, to: ExperimentId) -> Result<()> {
        let ids = self.source.export_model_ids(from).await?;
        let known: HashSet<_> = self.target.export_model_ids(to).await?.into_iter().collect();
        self.progress.expect(ids.len() as u64);
        for id in ids {
            self.stop.check()?;
            self.progress.advance(1, 0);
            let what = format!("the logged model {id}");
            if self.pass == Pass::Look && !known.contains(&id) {
                continue;
            }
            let Some(mut record) = self.source.export_model(&id).await? else {
                if self.pass == Pass::Copy {
                    self.report.broken(what);
                }
                continue;
            };
            record.model.experiment_id = to;
            match self.target.export_model(&id).await? {
                Some(known) if known == record => {
                    if self.pass != Pass::Look {
                        self.counts(true).models += 1;
                    }
                }
                Some(known) => self.conflict(&what, &first_difference(&record, &known))?,
                None if self.pass == Pass::Copy => match self.target.import_model(record).await {
                    Ok(()) => self.counts(false).models += 1,
                    Err(error) => self.report.refuse(id.to_string(), what, error)?,
                },
                None => {
                    if self.pass == Pass::Verify && !self.report.is_refused(id.as_str()) {
                        self.report.differs(format!("{what} is missing"));
                    }
                }
            }
        }
        Ok(())
    }

    async fn registry(&mut self) -> Result<()> {
        let names = self.source.export_registered_names().await?;
        self.progress.expect(names.len() as u64);
        for name in names {
            self.stop.check()?;
            self.progress.advance(1, 0);
            let what = format!("the registered model '{name}'");
            let known = self.target.export_registered(&name).await?;
            if self.pass == Pass::Look && known.is_none() {
                continue;
            }
            let Some(record) = self.source.export_registered(&name).await? else {
                if self.pass == Pass::Copy {
                    self.report.broken(what);
                }
                continue;
            };
            let id = format!("registered model {name}");
            match known {
                Some(known) if known == record => {
                    if self.pass != Pass::Look {
                        self.counts(true).registered += 1;
                    }
                }
                Some(known) => self.conflict(&what, &first_difference(&record, &known))?,
                None if self.pass == Pass::Copy => {
                    match self.target.import_registered(record).await {
                        Ok(()) => self.counts(false).registered += 1,
                        Err(error) => self.report.refuse(id, what, error)?,
                    }
                }
                None => {
                    if self.pass == Pass::Verify && !self.report.is_refused(&id) {
                        self.report.differs(format!("{what} is missing"));
                    }
                }
            }
        }
        Ok(())
    }

    async fn tables(&mut self) -> Result<()> {
        let renumbered = self.experiments.iter().filter(|(from, to)| *from != to.id);
        let numbers: Numbers = renumbered.map(|(from, to)| (from.0, to.id.0)).collect();
        for table in self.source.export_tables().await? {
            let Table { name, movable, .. } = &table;
            let id = format!("table {name}");
            if !movable || !self.target.keeps_table(name) || self.report.is_refused(&id) {
                if self.pass == Pass::Copy {
                    self.report.left.push(table);
                }
                continue;
            }
            if self.pass == Pass::Verify {
                let read = |rows| {
                    self.progress.advance(0, rows);
                    self.stop.check()
                };
                let (rows, missing) =
                    rows::compare(self.source, self.target, &table, &numbers, &read).await?;
                self.report.verified.rows += rows - missing;
                if missing > 0 {
                    self.report.differs(format!("{missing} rows of the table {name}"));
                }
                continue;
            }
            let parts = self.source.export_rows(name).await?;
            while let Ok(part) = parts.recv().await {
                self.stop.check()?;
                let mut part = part?;
                rows::renumber(&mut part, &table, &numbers);
                let count = part.len() as u64;
                match self.target.import_rows(name, part).await {
                    Ok(()) => {
                        self.report.moved.rows += count;
                        self.progress.advance(0, count);
                    }
                    Err(error) => {
                        self.report.refuse(id, format!("the table {name}"), error)?;
                        break;
                    }
                }
            }
        }
        Ok(())
    }
}

fn experiment_id(id: ExperimentId) -> String {
    format!("experiment {id}")
}

fn metric_id(run: &RunId, key: &str) -> String {
    format!("{run} {key}")
}

fn shown(point: &Metric) -> String {
    let Metric { key, value, timestamp, step, .. } = point;
    format!("the point {value} of the metric '{key}' at step {step}, time {}", timestamp.0)
}

fn sorted(mut experiment: Experiment) -> Experiment {
    experiment.tags.sort_by(|a, b| a.key.cmp(&b.key));
    experiment.workspace.clear();
    experiment
}

/// Gives experiments whose numbers the target cannot hold others, the same in every try.
fn numbered(
    all: Vec<Experiment>,
    known: &[Experiment],
    largest: i64,
    report: &mut Report,
) -> Vec<(ExperimentId, Experiment)> {
    let fits = |id: &ExperimentId| id.0 <= largest;
    let taken = known.iter().chain(&all).map(|experiment| experiment.id).filter(fits);
    let mut next = taken.map(|id| id.0).max().unwrap_or(0) + 1;
    let mut out = Vec::with_capacity(all.len());
    for mut experiment in all {
        let from = experiment.id;
        if !fits(&from) {
            let same = known.iter().find(|other| other.name == experiment.name);
            experiment.id = same.map_or(ExperimentId(next), |other| other.id);
            next += i64::from(same.is_none());
            report.renumbered.push(format!(
                "The experiment '{}' has the number {} in the target, because it cannot hold {from}.",
                experiment.name, experiment.id
            ));
        }
        out.push((from, experiment));
    }
    out
}

/// Where the texts of two things that differ begin to.
fn first_difference(ours: &impl std::fmt::Debug, theirs: &impl std::fmt::Debug) -> String {
    let (ours, theirs) = (format!("{ours:?}"), format!("{theirs:?}"));
    let same = ours.chars().zip(theirs.chars()).take_while(|(a, b)| a == b).count();
    let part = |text: &str| -> String {
        let start = same.saturating_sub(30);
        text.chars().skip(start).take(90).collect()
    };
    format!("the source has …{}…, the target …{}…", part(&ours), part(&theirs))
}

#[cfg(test)]
mod tests {
    use oxflow_model::LifecycleStage;

    use super::*;

    fn experiment(id: i64, name: &str) -> Experiment {
        Experiment {
            id: ExperimentId(id),
            name: name.to_owned(),
            artifact_location: String::new(),
            lifecycle_stage: LifecycleStage::Active,
            created_at: None,
            updated_at: None,
            tags: Vec::new(),
            workspace: String::new(),
        }
    }

    #[test]
    fn numbers_that_do_not_fit_become_others_and_stay_so() {
        let all =
            || vec![experiment(7, "a"), experiment(5_000_000_000, "b"), experiment(1 << 40, "c")];
        let numbers = |known: &[Experiment], largest| -> Vec<i64> {
            let mut report = Report::default();
            let found = numbered(all(), known, largest, &mut report);
            let changed = found.iter().filter(|(from, to)| *from != to.id).count();
            assert_eq!(report.renumbered.len(), changed);
            found.iter().map(|(_, experiment)| experiment.id.0).collect()
        };
        assert_eq!(numbers(&[], i64::MAX), [7, 5_000_000_000, 1 << 40]);
        assert_eq!(numbers(&[experiment(20, "own")], 1000), [7, 21, 22]);
        assert_eq!(numbers(&[experiment(20, "own"), experiment(21, "b")], 1000), [7, 21, 22]);
        assert_eq!(numbers(&[experiment(21, "c"), experiment(22, "b")], 1000), [7, 22, 21]);
    }

    #[test]
    fn differences_are_shown_where_they_begin() {
        let shown = first_difference(&experiment(7, "a name"), &experiment(7, "a game"));
        assert!(shown.contains("a name") && shown.contains("a game"), "{shown}");
    }
}
