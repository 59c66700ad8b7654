//! `oxflow`, also called as `mlflow`: arguments become settings, settings become a running server.

mod args;
mod artifacts;
mod compose;
mod db;
mod demo;
mod env;
mod gc;
mod log;
mod moving;
mod settings;
mod system;
mod tracking;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Cli, Command, DbCommand};

/// Answers are built of thousands of small texts, and freed on other threads than they were made on.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let mut env = env::Env::of_process();
    if let Some(version) = args::version(std::env::args()) {
        say(&version);
        return ExitCode::SUCCESS;
    }
    let cli = Cli::parse();
    if let Some(path) = &cli.env_file {
        match env.load_file(path) {
            Ok(()) => say(&format!("Loaded environment variables from: {}", path.display())),
            Err(why) => return complain(&format!("Invalid value for '--env-file': {why}"), 2),
        }
    }
    log::start(&env);
    match cli.command {
        Command::Server(args) => match settings::resolve(*args, &env) {
            Ok(settings) => match compose::serve(settings) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => complain(error.message(), 1),
            },
            Err(why) => complain(&why, 2),
        },
        Command::Demo(args) => match settings::of_demo(&args, &env) {
            Ok(settings) => match compose::demo(settings, demo::Size::of(&args)) {
                Ok(made) => {
                    say(&format!("{made} `oxflow server` with the same options shows them."));
                    ExitCode::SUCCESS
                }
                Err(error) => complain(error.message(), 1),
            },
            Err(why) => complain(&why, 2),
        },
        Command::Db(DbCommand::Upgrade(args)) => match db::upgrade_command(&args, &mut say) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => complain(error.message(), 1),
        },
        Command::Gc(args) => end(gc::run(&args, &env, &mut say)),
        Command::Migrate(args) => end_of_move(moving::migrate(&args, &env, &mut say)),
        Command::MigrateFilestore(args) => end_of_move(moving::filestore(&args, &env, &mut say)),
        Command::Artifacts(command) => match artifacts::run(command, &env) {
            Ok(told) => {
                told.iter().for_each(|text| say(text));
                ExitCode::SUCCESS
            }
            Err(error) => complain(error.message(), 1),
        },
    }
}

/// How a command ends that has said itself what it could not do.
fn end(all_is_good: oxflow_model::Result<bool>) -> ExitCode {
    match all_is_good {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => complain(error.message(), 1),
    }
}

/// The same for a move, which can be interrupted.
fn end_of_move(ended: oxflow_model::Result<moving::End>) -> ExitCode {
    match ended {
        Ok(moving::End::Interrupted) => ExitCode::from(moving::INTERRUPTED),
        ended => end(ended.map(|end| end == moving::End::Whole)),
    }
}

#[expect(clippy::print_stdout, reason = "results of commands go to standard output")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "complaints go to standard error")]
fn complain(text: &str, code: u8) -> ExitCode {
    eprintln!("Error: {text}");
    ExitCode::from(code)
}
