//! Where data goes. A reader that went away (`| head`) is no error, but the work for it ends.

use console::exit::Failure;
use std::io::{ErrorKind, Result as IoResult, Write};

/// Standard output, or what a test puts in its place.
pub struct Out<'a> {
    to: &'a mut dyn Write,
    gone: bool,
}

impl<'a> Out<'a> {
    /// Writes there.
    pub fn new(to: &'a mut dyn Write) -> Self {
        Self { to, gone: false }
    }

    /// Writes one line, or several.
    pub fn line(&mut self, text: &str) -> Result<(), Failure> {
        let written = writeln!(self.to, "{text}");
        self.settle(written)
    }

    /// Lets a reader see everything written so far.
    pub fn flush(&mut self) -> Result<(), Failure> {
        let flushed = self.to.flush();
        self.settle(flushed)
    }

    /// Nobody reads any more.
    pub fn gone(&self) -> bool {
        self.gone
    }

    fn settle(&mut self, result: IoResult<()>) -> Result<(), Failure> {
        match result {
            Err(e) if e.kind() == ErrorKind::BrokenPipe => self.gone = true,
            other => other?,
        }
        Ok(())
    }
}
