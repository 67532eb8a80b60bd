//! What can be wrong with a message.

use crate::number::NumberError;

/// A message is not what it should be. Nothing of it is used; the raw text is kept by who received it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Not JSON, or cut off.
    #[error("not whole JSON at byte {0}")]
    Json(usize),
    /// JSON that is not the answer that was asked for.
    #[error("not the answer that was expected: {0}")]
    Shape(String),
    /// A field that must be there is not.
    #[error("the field '{0}' is missing")]
    Missing(&'static str),
    /// A field has a value that cannot be used.
    #[error("the field '{field}' {problem}")]
    Field {
        /// Which.
        field: &'static str,
        /// What is wrong with it.
        problem: Problem,
    },
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A number that is none, too fine or too large.
    #[error("is {0}")]
    Number(NumberError),
    /// An object where a text belongs, or the like.
    #[error("has another type than it should")]
    Type,
    /// Not an id: neither a decimal number of 256 bits nor 31 or 32 bytes in hex.
    #[error("is not an id")]
    Id,
    /// Outside what such a value can be.
    #[error("is out of range")]
    Range,
    /// Not one of the words it may be.
    #[error("is not a word that is known here")]
    Word,
    /// Given twice: which one counts?
    #[error("is given twice")]
    Twice,
}

impl From<NumberError> for Problem {
    fn from(e: NumberError) -> Self {
        Self::Number(e)
    }
}

impl WireError {
    /// A value of `field` that cannot be used.
    pub(crate) fn field(field: &'static str, problem: impl Into<Problem>) -> Self {
        Self::Field { field, problem: problem.into() }
    }

    /// What serde_json says, cut and escaped: it quotes what it read.
    pub(crate) fn of_json(e: &serde_json::Error) -> Self {
        if e.is_syntax() || e.is_eof() {
            return Self::Json(e.column());
        }
        let text: String = e.to_string().chars().take(160).collect();
        Self::Shape(text.escape_debug().to_string())
    }
}
