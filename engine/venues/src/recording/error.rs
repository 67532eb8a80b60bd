//! What can be wrong with a recording: before reading it ([`ImportError`]: nothing was delivered) and while reading it
//! ([`Problem`]: what came before stands).

use super::Format;

/// Why a recording could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// No input was given at all.
    #[error("no input for a {0} recording: {about}", about = .0.about())]
    NoInput(Format),
    /// There is no such file.
    #[error("{file}: no such file; check the path")]
    NotFound {
        /// The input's name.
        file: String,
    },
    /// The file is there but its beginning cannot be read.
    #[error("{file}: cannot be read: {reason}")]
    Unreadable {
        /// The input's name.
        file: String,
        /// What the system or the decompressor said.
        reason: String,
    },
    /// The file has no content.
    #[error("{file}: is empty; a {format} recording was expected")]
    Empty {
        /// The input's name.
        file: String,
        /// What was asked for.
        format: Format,
    },
    /// The file does not begin as this format does.
    #[error("{file}: not a {format} recording: expected {expected}, found {found}{}", hint(.looks_like))]
    WrongFormat {
        /// The input's name.
        file: String,
        /// What was asked for.
        format: Format,
        /// How such a file begins.
        expected: String,
        /// How this one begins.
        found: String,
        /// The format whose files do begin like this one.
        looks_like: Option<Format>,
    },
    /// A file that this format cannot do without was not given.
    #[error("{format}: {what} is missing; give it as another input{}", near(.beside))]
    Missing {
        /// What was asked for.
        format: Format,
        /// Which file.
        what: &'static str,
        /// Where it was looked for, if anywhere.
        beside: Option<String>,
    },
    /// Two inputs play the same part.
    #[error("{format}: both {first} and {second} are {what}; give only one of them")]
    Twice {
        /// What was asked for.
        format: Format,
        /// Which part.
        what: &'static str,
        /// The first input.
        first: String,
        /// The second input.
        second: String,
    },
    /// A table that everything else depends on (tokens, markets, resolutions) is not right.
    #[error("{file}, line {line}: {reason}; the recording cannot be read without it")]
    BadTable {
        /// The input's name.
        file: String,
        /// 1-based line of the uncompressed text.
        line: u64,
        /// What is wrong there.
        reason: String,
    },
}

fn hint(looks_like: &Option<Format>) -> String {
    looks_like.map_or_else(String::new, |f| format!("; it looks like {f}: import it as that"))
}

fn near(beside: &Option<String>) -> String {
    beside.as_ref().map_or_else(String::new, |b| format!(", or put it beside {b}"))
}

/// What was wrong on the way. Everything delivered before stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// One row makes no sense and was left out. Reading goes on; a `FeedGap` follows.
    #[error("{file}, line {line}: {reason}; the row was left out")]
    BadRow {
        /// The input's name.
        file: String,
        /// 1-based line of the uncompressed text.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A file ends here although it should go on: cut off or damaged. A `FeedGap` follows; other files are still read.
    #[error("{file}, line {line}: cannot be read further: {reason}; everything before was read")]
    Broken {
        /// The input's name.
        file: String,
        /// The 1-based line that could not be completed.
        line: u64,
        /// What the system or the decompressor said.
        reason: String,
    },
}
