//! `replay`: ask the log.

use clap::Parser;
use replay::cmd::Cli;
use replay::out::Out;
use std::io::BufWriter;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut stdout = BufWriter::new(std::io::stdout().lock());
    console::exit::finish("replay", replay::cmd::run(&cli, &mut Out::new(&mut stdout)))
}
