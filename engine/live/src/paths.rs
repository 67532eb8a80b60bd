//! Where things are kept when nobody says otherwise.

use crate::exit::{Code, Failure};
use std::path::{Path, PathBuf};

/// The data directory: `--data-dir`, else the configured one, else the user's (XDG base directory rules).
pub fn data_dir(flag: Option<&Path>, configured: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(dir) = flag.or(configured) {
        return Ok(dir.to_owned());
    }
    let home = |var: &str| std::env::var_os(var).filter(|v| !v.is_empty()).map(PathBuf::from);
    let base = home("XDG_DATA_HOME").or_else(|| home("HOME").map(|h| h.join(".local/share")));
    match base {
        Some(base) => Ok(base.join("alpha-arena")),
        None => {
            Err(Failure::new(Code::Usage, "there is no home directory to keep data in")
                .next("name one with --data-dir"))
        }
    }
}

/// A log that must exist.
pub fn existing_log(dir: &Path) -> Result<(), Failure> {
    if eventlog::exists(dir) {
        return Ok(());
    }
    let what = match dir.try_exists() {
        Ok(true) => format!("{} holds no log", dir.display()),
        Ok(false) => format!("{} does not exist", dir.display()),
        Err(e) => format!("{} cannot be read: {e}", dir.display()),
    };
    Err(Failure::new(Code::Usage, what)
        .next("name a log with --log, or make one: `arena demo`, `arena import`, `arena run --recording ...`"))
}
