//! Which log is meant, and what is asked about it: the two may be named in either order.

use console::exit::{Code, Failure};
use std::path::{Path, PathBuf};

/// The log that is named once: as an argument, or with `--log`.
pub fn log(argument: Option<&Path>, flag: Option<&Path>) -> Result<PathBuf, Failure> {
    match (argument, flag) {
        (Some(dir), None) | (None, Some(dir)) => Ok(dir.to_owned()),
        (Some(a), Some(b)) => Err(usage(format!("two logs are named: {} and {}", a.display(), b.display()))
            .next("name one log, as an argument or with --log")),
        (None, None) => Err(usage("no log is named".to_owned()).next("name its directory: `replay verify LOG`")),
    }
}

/// A subject (`what`, such as POINT) and a log: whichever of the two is an existing directory is the log.
pub fn subject_and_log(
    what: &str,
    first: Option<&str>,
    second: Option<&str>,
    flag: Option<&Path>,
) -> Result<(String, PathBuf), Failure> {
    let is_dir = |word: &str| Path::new(word).is_dir();
    match (first, second, flag) {
        (Some(subject), None, Some(log)) => Ok((subject.to_owned(), log.to_owned())),
        (Some(a), Some(b), None) => match (is_dir(a), is_dir(b)) {
            (false, true) => Ok((a.to_owned(), b.into())),
            (true, false) => Ok((b.to_owned(), a.into())),
            (true, true) => Err(usage(format!("both {a} and {b} are directories: which one is the log?"))
                .next(format!("name the log with --log and the {what} as the argument"))),
            (false, false) => Err(usage(format!("neither {a} nor {b} is a directory, so neither is a log"))
                .next("name a directory that holds a log: `arena demo` makes one")),
        },
        (Some(_), Some(_), Some(_)) => {
            Err(usage(format!("a log is named with --log, so only the {what} may follow")).next("drop one of the two"))
        }
        (Some(only), None, None) if is_dir(only) => {
            Err(usage(format!("the {what} is missing")).next(format!("name it beside the log: {what} {only}")))
        }
        (Some(_), None, None) => Err(usage("no log is named".to_owned()).next(format!("name both: {what} LOG"))),
        (None, ..) => Err(usage(format!("the {what} is missing")).next(format!("name it: {what} LOG"))),
    }
}

fn usage(what: String) -> Failure {
    Failure::new(Code::Usage, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_order() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().to_str().unwrap();
        let wanted = ("end".to_owned(), dir.path().to_owned());
        assert_eq!(subject_and_log("POINT", Some("end"), Some(log), None).unwrap(), wanted);
        assert_eq!(subject_and_log("POINT", Some(log), Some("end"), None).unwrap(), wanted);
        assert_eq!(subject_and_log("POINT", Some("end"), None, Some(dir.path())).unwrap(), wanted);
    }

    #[test]
    fn what_is_missing_or_too_much_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().to_str().unwrap();
        let fail = |a, b, flag| subject_and_log("POINT", a, b, flag).unwrap_err();
        for failure in [
            fail(Some("end"), Some("nowhere"), None),
            fail(Some(log), Some(log), None),
            fail(Some(log), None, None),
            fail(Some("end"), None, None),
            fail(Some("end"), Some(log), Some(dir.path())),
        ] {
            assert_eq!(failure.code, Code::Usage, "{failure}");
            assert!(failure.next.is_some(), "{failure}");
        }
        assert_eq!(super::log(None, None).unwrap_err().code, Code::Usage);
        assert_eq!(super::log(Some(dir.path()), Some(dir.path())).unwrap_err().code, Code::Usage);
    }
}
