//! `arena man`: manual pages from the same definitions as the help texts.

use crate::exit::{Code, Outcome};
use std::path::Path;

/// Writes the main page to standard output, or every page into a directory.
pub fn run(dir: Option<&Path>, command: clap::Command) -> Outcome {
    let Some(dir) = dir else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        return console::print_bytes(&page);
    };
    std::fs::create_dir_all(dir)?;
    clap_mangen::generate_to(command, dir)?;
    Ok(Code::Ok)
}
