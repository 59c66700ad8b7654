//! `oxflow db`: the schema of a database.

use std::path::Path;

use oxflow_model::{Clock as _, Error, Result};
use oxflow_store_sql::migrate::{self, Outcome, Progress, UpgradeOptions};
use oxflow_store_sql::schema::HEAD;

use crate::args::UpgradeArgs;
use crate::system::SystemClock;

fn options(uri: &str, cwd: &Path, backup: bool) -> UpgradeOptions {
    UpgradeOptions { uri: uri.to_owned(), cwd: cwd.to_owned(), now: SystemClock.now(), backup }
}

/// `oxflow db upgrade`. What it does is told through `say`.
pub fn upgrade_command(args: &UpgradeArgs, say: &mut (dyn FnMut(&str) + Send)) -> Result<()> {
    let cwd = std::env::current_dir()
        .map_err(|error| Error::invalid(format!("No working directory: {error}.")))?;
    if oxflow_store_file::folder_of(&args.url, &cwd).is_some() {
        return Err(Error::invalid(format!(
            "{0} is a folder, which has no schema and needs no upgrade. To move what it holds into \
             a database: oxflow migrate --from {0} --to sqlite:///mlflow.db",
            args.url
        )));
    }
    let options = options(&args.url, &cwd, !args.no_backup);
    if args.plan {
        say(&migrate::plan(&options)?.to_string());
        return Ok(());
    }
    let outcome = migrate::upgrade(&options, &mut |progress| say(&tell(&progress)))?;
    say(&match outcome {
        Outcome::Created => format!("The database was empty. All tables were created at {HEAD}."),
        Outcome::Current => format!("The database is at revision {HEAD} already."),
        Outcome::Upgraded { steps: 1 } => format!("Done: 1 step, to revision {HEAD}."),
        Outcome::Upgraded { steps } => format!("Done: {steps} steps, to revision {HEAD}."),
    });
    Ok(())
}

/// `oxflow server --upgrade`. What it does goes to the log.
pub fn upgrade_at_start(uri: &str, cwd: &Path) -> Result<()> {
    let tell = &mut |progress: Progress<'_>| tracing::info!("{}", tell(&progress));
    if let Outcome::Upgraded { steps } = migrate::upgrade(&options(uri, cwd, true), tell)? {
        tracing::info!(steps, "the database was upgraded to revision {HEAD}");
    }
    Ok(())
}

fn tell(progress: &Progress<'_>) -> String {
    match progress {
        Progress::BackedUp(path) => format!("Backup: {}", path.display()),
        Progress::Step(from, to) => format!("Upgrade {from} -> {}, {}", to.id(), to.what()),
    }
}
