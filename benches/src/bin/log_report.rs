//! Measures the log beside what it could be written with instead, and prints Markdown: each figure with its goal.
//!
//! `log-report [append|latency|scan|memory|point|size|open]... [--rounds N] [--events N] [--dir DIR]`; all subjects by
//! default. The work is done in a new folder, in DIR or else beside this program, which is removed at the end.

use measure::MeasureError;
use measure::generator::Dice;
use measure::log::child::{TASK, Task};
use measure::log::workshop::Workshop;
use measure::log::{Subject, machine};
use std::path::PathBuf;
use std::process::ExitCode;

/// Seed of the order within rounds.
const SEED: u64 = 3;

struct Options {
    subjects: Vec<Subject>,
    rounds: usize,
    events: u64,
    dir: Option<PathBuf>,
}

fn options() -> Result<Options, String> {
    let mut options = Options { subjects: Vec::new(), rounds: 5, events: 4_000_000, dir: None };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        if let Some((subject, _)) = Subject::ALL.iter().find(|(_, name)| *name == arg) {
            options.subjects.push(*subject);
            continue;
        }
        let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
        let number =
            |v: String| v.parse::<u64>().ok().filter(|n| *n > 0).ok_or(format!("{arg} needs a number above 0"));
        match arg.as_str() {
            "--rounds" => options.rounds = usize::try_from(number(value()?)?).unwrap_or(usize::MAX),
            "--events" => options.events = number(value()?)?,
            "--dir" => options.dir = Some(PathBuf::from(value()?)),
            _ => {
                let names: Vec<&str> = Subject::ALL.iter().map(|(_, name)| *name).collect();
                let names = names.join(", ");
                return Err(format!(
                    "unknown argument {arg}: use any of {names}, --rounds N, --events N and --dir DIR"
                ));
            }
        }
    }
    if options.subjects.is_empty() {
        options.subjects = Subject::ALL.iter().map(|(subject, _)| *subject).collect();
    }
    Ok(options)
}

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let done = if args.next().is_some_and(|a| a == TASK) {
        work(&args.next().unwrap_or_default())
    } else {
        match options() {
            Ok(options) => report(&options),
            Err(e) => {
                eprintln!("error: {e}");
                return ExitCode::from(2);
            }
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("error: {e}");
            ExitCode::FAILURE
        }
    }
}

/// Does one task: this is a child.
fn work(task: &str) -> Result<(), MeasureError> {
    let no_task = |e: serde_json::Error| MeasureError::Child { engine: task.to_owned(), reason: e.to_string() };
    serde_json::from_str::<Task>(task).map_err(no_task)?.work()
}

fn report(options: &Options) -> Result<(), MeasureError> {
    let parent = match &options.dir {
        Some(dir) => dir.clone(),
        None => {
            let program = std::env::current_exe().map_err(MeasureError::io("find", "this program".as_ref()))?;
            program.parent().map(PathBuf::from).unwrap_or_default()
        }
    };
    let dir = tempfile::tempdir_in(&parent).map_err(MeasureError::io("create a folder in", &parent))?;
    let mut workshop =
        Workshop { dir: dir.path().to_owned(), rounds: options.rounds, events: options.events, dice: Dice(SEED) };
    println!("{}\n", machine::describe(dir.path()));
    println!("{} rounds, {} events in logs that are read.\n", options.rounds, options.events);
    let (mut met, mut goals) = (0, 0);
    for subject in &options.subjects {
        let section = subject.measure(&mut workshop)?;
        println!("{section}");
        let verdicts = section.figures.iter().filter_map(measure::log::figure::Figure::passes);
        for pass in verdicts {
            goals += 1;
            met += usize::from(pass);
        }
    }
    println!("{met} of {goals} goals met.");
    Ok(())
}
