//! What people and scripts see of `arena` and `replay`: tables, colours, exit codes, and failures that say what to do
//! next. Shared, so that both commands speak alike.

pub mod exit;
pub mod integrity;
pub mod output;
pub mod words;

use exit::{Code, Outcome};

/// Prints one text of data to standard output. A reader that went away (`| head`) is no error.
pub fn print(text: &str) -> Outcome {
    print_bytes(format!("{text}\n").as_bytes())
}

/// Prints bytes of data to standard output.
pub fn print_bytes(bytes: &[u8]) -> Outcome {
    use std::io::Write;
    match std::io::stdout().lock().write_all(bytes) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(e.into()),
        _ => Ok(Code::Ok),
    }
}
