//! `arena`: trade, import recordings, look at a log.

use clap::Parser;
use live::cmd::Cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    live::exit::finish("arena", live::cmd::run(cli))
}
