//! Files of points: one line each, appended and never changed.
//!
//! ```text
//! metrics of runs      <time> <value> [<step> [<dataset> <digest>]]
//! metrics of models    <time> <value> <step> <run> [<dataset> <digest>]
//! ```

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;

use oxflow_model::search::repr_float;
use oxflow_model::{Error, Metric, Millis};

use crate::folder::unreadable;
use crate::tree::{Content, Look};

/// How much of what was read is compared, to see that a file was only appended to.
const TAIL: usize = 64;

/// Whose points a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner<'a> {
    /// A run's.
    Run,
    /// A logged model's, with its id.
    Model(&'a str),
}

/// The line of a point; `run` for the files of models. A dataset whose name has blanks would break
/// the line, for stock MLflow too: then the point is kept without it.
pub fn line(metric: &Metric, run: Option<&str>) -> String {
    let mut line = format!("{} {} {}", metric.timestamp.0, spelled(metric.value), metric.step);
    if let Some(run) = run {
        line.push(' ');
        line.push_str(run);
    }
    let word = |text: &&String| !text.is_empty() && !text.contains(char::is_whitespace);
    let dataset = metric.dataset_name.as_ref().zip(metric.dataset_digest.as_ref());
    match dataset {
        Some((name, digest)) if word(&name) && word(&digest) => {
            line.push_str(&format!(" {name} {digest}"));
        }
        Some((name, digest)) => {
            tracing::warn!(
                name,
                digest,
                "a dataset with blanks in its name is not kept with a metric"
            );
        }
        None => {}
    }
    line.push('\n');
    line
}

fn spelled(value: f64) -> String {
    if value.is_nan() { "nan".to_owned() } else { repr_float(value) }
}

/// Reads a line; `None` if it is broken.
pub fn parse(key: &str, line: &str, owner: Owner<'_>) -> Option<Metric> {
    let words: Vec<&str> = line.trim().split(' ').collect();
    let timestamp = words.first()?.parse().ok()?;
    let value: f64 = words.get(1)?.parse().ok()?;
    // Lines of old clients have no step.
    let step = words.get(2).map_or(Some(0), |step| step.parse().ok())?;
    // Infinities are shown as the databases hold them.
    let value = if value.is_nan() { value } else { value.clamp(f64::MIN, f64::MAX) };
    let mut metric = Metric::point(key, value, Millis(timestamp), step);
    let mut rest = words.get(3..).unwrap_or_default();
    if let Owner::Model(model) = owner {
        let (run, more) = rest.split_first()?;
        metric.run_id = Some((*run).to_owned());
        metric.model_id = Some(model.to_owned());
        rest = more;
    }
    match rest {
        [] => {}
        [_] => return None,
        [name @ .., digest] => {
            metric.dataset_name = Some(name.join(" "));
            metric.dataset_digest = Some((*digest).to_owned());
        }
    }
    Some(metric)
}

/// Whether a point comes after another: by step, time and value, where NaN counts as 0.
pub fn is_later(a: &Metric, b: &Metric) -> bool {
    let rank = |metric: &Metric| (metric.step, metric.timestamp.0, metric.stored_value().0);
    rank(a).partial_cmp(&rank(b)).is_some_and(Ordering::is_gt)
}

/// All points of a file, in the order of the lines, each once.
pub fn all(file: File, path: &str, key: &str, owner: Owner<'_>) -> io::Result<Vec<Metric>> {
    let mut points = Vec::new();
    let mut seen = HashSet::new();
    let mut broken = 0;
    for_each_line(BufReader::with_capacity(1 << 16, file), |line, _| {
        match parse(key, line, owner) {
            Some(point) => {
                let (value, is_nan) = point.stored_value();
                let same = (point.timestamp, point.step, value.to_bits(), is_nan);
                if owner != Owner::Run || seen.insert(same) {
                    points.push(point);
                }
            }
            None => broken += 1,
        }
    })?;
    tell_broken(path, broken);
    Ok(points)
}

/// Calls `each` with the points of the first `size` bytes of a file, in the order of the lines. A
/// last line without an end is passed over: whoever wrote it was interrupted, and half a number is
/// a number too.
pub fn each(
    file: &File,
    size: u64,
    path: &str,
    key: &str,
    mut each: impl FnMut(Metric) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut broken = 0;
    let mut outcome = Ok(());
    let lines = BufReader::with_capacity(1 << 16, file.take(size));
    for_each_line(lines, |line, ends| match parse(key, line, Owner::Run).filter(|_| ends) {
        Some(point) if outcome.is_ok() => outcome = each(point),
        Some(_) => {}
        None => broken += 1,
    })
    .map_err(|error| unreadable(path, &error))?;
    tell_broken(path, broken);
    outcome
}

fn tell_broken(path: &str, broken: usize) {
    if broken > 0 {
        tracing::warn!(path, broken, "lines of a metric are broken and are skipped");
    }
}

/// Calls `each` with every line that is not blank, and whether it ends as a line does. Gives the
/// length of what does.
fn for_each_line(mut from: impl BufRead, mut each: impl FnMut(&str, bool)) -> io::Result<u64> {
    let (mut bytes, mut complete) = (Vec::new(), 0);
    loop {
        bytes.clear();
        // A file without an end of a line is no file of points.
        let read = from.by_ref().take(1 << 20).read_until(b'\n', &mut bytes)?;
        if read == 0 {
            return Ok(complete);
        }
        let ends = bytes.ends_with(b"\n");
        if ends {
            complete += read as u64;
        }
        let text = String::from_utf8_lossy(&bytes);
        if !text.trim().is_empty() {
            each(&text, ends);
        }
    }
}

/// The latest point of a run's metric, and how far the file was read for it.
#[derive(Debug)]
pub struct Latest {
    point: Option<Metric>,
    read: u64,
    tail: Vec<u8>,
}

impl Latest {
    /// The point. Its key is left out: it is the name of the file.
    pub fn point(&self) -> Option<&Metric> {
        self.point.as_ref()
    }

    /// Whether `file` still begins with what was read of it, so that only the rest is new.
    fn goes_on(&self, file: &File) -> bool {
        let mut tail = vec![0; self.tail.len()];
        let start = self.read.saturating_sub(self.tail.len() as u64);
        self.read > 0 && file.read_exact_at(&mut tail, start).is_ok() && tail == self.tail
    }
}

impl Content for Latest {
    const GROWS_ONLY: bool = true;

    fn read(look: Look<'_>, path: &str, old: Option<Latest>) -> Result<Option<Latest>, String> {
        let told = |error: io::Error| error.to_string();
        let mut file = look.folder.open_file(path).map_err(told)?;
        let mut latest = match old.filter(|old| old.goes_on(&file)) {
            Some(old) => old,
            None => Latest { point: None, read: 0, tail: Vec::new() },
        };
        file.seek(SeekFrom::Start(latest.read)).map_err(told)?;
        let mut broken = 0;
        let mut unfinished = None;
        let keep = |point: Metric, latest: &mut Option<Metric>| {
            if latest.as_ref().is_none_or(|other| is_later(&point, other)) {
                *latest = Some(point);
            }
        };
        let mut point = latest.point.take();
        let complete =
            for_each_line(BufReader::new(&file), |line, ends| match parse("", line, Owner::Run) {
                Some(found) if ends => keep(found, &mut point),
                Some(found) => unfinished = Some(found),
                None => broken += 1,
            });
        latest.read += complete.map_err(told)?;
        latest.point = point;
        let length = TAIL.min(usize::try_from(latest.read).unwrap_or(TAIL));
        latest.tail.resize(length, 0);
        file.read_exact_at(&mut latest.tail, latest.read - length as u64).map_err(told)?;
        if let Some(found) = unfinished {
            // The next look must read that line again: it may have become longer.
            latest.tail = Vec::new();
            latest.read = 0;
            keep(found, &mut latest.point);
        }
        tell_broken(path, broken);
        Ok(Some(latest))
    }
}

/// The latest points of one metric of a logged model, one per dataset, as MLflow's file store has
/// it.
#[derive(Debug)]
pub struct ModelPoints(pub Vec<Metric>);

impl Content for ModelPoints {
    const GROWS_ONLY: bool = true;

    fn read(look: Look<'_>, path: &str, _: Option<ModelPoints>) -> Result<Option<Self>, String> {
        let told = |error: io::Error| error.to_string();
        let file = look.folder.open_file(path).map_err(told)?;
        let mut latest: Vec<Metric> = Vec::new();
        for point in all(file, path, "", Owner::Model("")).map_err(told)? {
            let dataset = (&point.dataset_name, &point.dataset_digest);
            match latest.iter_mut().find(|p| (&p.dataset_name, &p.dataset_digest) == dataset) {
                Some(other) if is_later(&point, other) => *other = point,
                Some(_) => {}
                None => latest.push(point),
            }
        }
        Ok(Some(ModelPoints(latest)))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;
    use crate::folder::Folder;

    #[test]
    fn lines_of_all_ages_are_read() {
        let read = |line: &str| {
            let metric = parse("m", line, Owner::Run)?;
            let dataset = metric.dataset_name.zip(metric.dataset_digest);
            Some((metric.timestamp.0, metric.value.to_string(), metric.step, dataset))
        };
        let dataset = |name: &str| Some((name.to_owned(), "d1".to_owned()));
        assert_eq!(read("5 0.5\n"), Some((5, "0.5".to_owned(), 0, None)));
        assert_eq!(read("5 1e-05 -3\n"), Some((5, "0.00001".to_owned(), -3, None)));
        assert_eq!(read("5 nan 3"), Some((5, "NaN".to_owned(), 3, None)));
        assert_eq!(read("5 inf 3").unwrap().1, f64::MAX.to_string());
        assert_eq!(read("5 1 3 iris d1").unwrap().3, dataset("iris"));
        assert_eq!(read("5 1 3 my iris d1").unwrap().3, dataset("my iris"));
        for broken in ["5", "", "x 1 2", "5 x 2", "5 1 x", "5 1 2 d", "5 1 2.5"] {
            assert_eq!(read(broken), None, "{broken}");
        }
        let of_model = parse("m", "5 1 2 run1 iris d1", Owner::Model("m-1")).unwrap();
        assert_eq!((of_model.run_id.as_deref(), of_model.step), (Some("run1"), 2));
        assert_eq!(line(&of_model, Some("run1")), "5 1.0 2 run1 iris d1\n");
        assert!(parse("m", "5 1 2", Owner::Model("m-1")).is_none());
    }

    #[test]
    fn a_growing_file_is_read_on() {
        let home = tempfile::tempdir().unwrap();
        let folder = Folder::open(home.path()).unwrap();
        let look = Look { folder: &folder, now: Millis(0) };
        let path = home.path().join("m");
        let mut file = fs::File::create(&path).unwrap();
        let mut latest = None;
        let mut step = |text: &str| {
            file.write_all(text.as_bytes()).unwrap();
            latest = Latest::read(look, "m", latest.take()).unwrap();
            latest.as_ref().unwrap().point().map(|point| point.value)
        };
        assert_eq!(step("1 0.5 0\nnonsense\n"), Some(0.5));
        assert_eq!(step("1 0.25 1\n1 0.75 0\n"), Some(0.25));
        assert_eq!(step("1 9 2"), Some(9.0));
        assert_eq!(step("0\n"), Some(9.0));
        assert_eq!(step("1 8 19\n"), Some(9.0), "step 20 is later than 19");
        // Another file under the same name, with the same beginning.
        fs::write(&path, "1 0.5 0\nnonsense\n1 3 1\n1 7 99\n").unwrap();
        let latest = Latest::read(look, "m", latest.take()).unwrap().unwrap();
        assert_eq!(latest.point().unwrap().value, 7.0);
    }
}
