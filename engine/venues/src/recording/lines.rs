//! One line at a time out of an input, with its number, however long or broken the input is.

use super::{Format, ImportError, Input, Problem};
use std::io::{BufRead, BufReader, Read};

/// The longest line that is read into memory. A full-depth snapshot line of Binance has some 60 kB.
const LINE_BYTES_MAX: usize = 4 << 20;
/// The largest table (markets, resolutions, tokens) that is read into memory, uncompressed.
const TABLE_BYTES_MAX: u64 = 256 << 20;

/// What reading one more line led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Got {
    /// A line with something in it: see [`Lines::text`]. A last line without a line end counts.
    Line,
    /// A line longer than anything these formats hold; it was passed over.
    TooLong,
    /// Nothing is left.
    End,
    /// The input broke off inside this line: see [`Lines::broken`].
    Broken,
}

/// An input as numbered lines. Blank lines are passed over, but counted.
pub(super) struct Lines {
    name: String,
    reader: BufReader<Box<dyn Read + Send>>,
    buffer: Vec<u8>,
    number: u64,
    state: Got,
    reason: String,
}

impl Lines {
    /// Opens an input and reads its first line.
    pub fn open(input: &Input, format: Format) -> Result<Self, ImportError> {
        let reader = BufReader::with_capacity(1 << 16, input.reader()?);
        let (name, buffer) = (input.name.clone(), Vec::new());
        let mut lines = Self { name, reader, buffer, number: 0, state: Got::End, reason: String::new() };
        match lines.advance() {
            Got::Line => {
                if lines.buffer.starts_with(b"\xef\xbb\xbf") {
                    lines.buffer.drain(..3);
                }
                Ok(lines)
            }
            Got::End => Err(ImportError::Empty { file: lines.name, format }),
            Got::TooLong => Err(lines.unreadable("its first line is longer than any of a recording".to_owned())),
            Got::Broken => {
                let reason = lines.reason.clone();
                Err(lines.unreadable(reason))
            }
        }
    }

    fn unreadable(&self, reason: String) -> ImportError {
        ImportError::Unreadable { file: self.name.clone(), reason }
    }

    /// What errors call the input.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The 1-based number of the current line.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The current line, without its end.
    pub fn text(&self) -> &[u8] {
        &self.buffer
    }

    /// What the last [`advance`](Self::advance) led to.
    pub fn state(&self) -> Got {
        self.state
    }

    /// Goes to the next line that is not blank.
    pub fn advance(&mut self) -> Got {
        if self.state == Got::Broken || (self.state == Got::End && self.number > 0) {
            self.state = Got::End;
            return self.state;
        }
        loop {
            self.state = self.read_one();
            if self.state != Got::Line || !self.buffer.is_empty() {
                return self.state;
            }
        }
    }

    fn read_one(&mut self) -> Got {
        self.buffer.clear();
        let limit = LINE_BYTES_MAX as u64 + 1;
        self.number += 1;
        match (&mut self.reader).take(limit).read_until(b'\n', &mut self.buffer) {
            Ok(0) => Got::End,
            Ok(_) if self.buffer.last() == Some(&b'\n') => {
                self.buffer.pop();
                if self.buffer.last() == Some(&b'\r') {
                    self.buffer.pop();
                }
                Got::Line
            }
            Ok(_) if self.buffer.len() > LINE_BYTES_MAX => self.pass_over(),
            Ok(_) => Got::Line,
            Err(e) => self.break_off(&e),
        }
    }

    /// Reads to the end of an overlong line without keeping it.
    fn pass_over(&mut self) -> Got {
        self.buffer = Vec::new();
        loop {
            let chunk = match self.reader.fill_buf() {
                Ok(chunk) => chunk,
                Err(e) => return self.break_off(&e),
            };
            let (used, found) = match chunk.iter().position(|b| *b == b'\n') {
                Some(at) => (at + 1, true),
                None => (chunk.len(), chunk.is_empty()),
            };
            self.reader.consume(used);
            if found {
                return Got::TooLong;
            }
        }
    }

    fn break_off(&mut self, error: &std::io::Error) -> Got {
        self.buffer.clear();
        self.reason = error.to_string();
        Got::Broken
    }

    /// The problem to report after [`Got::Broken`].
    pub fn broken(&self) -> Problem {
        Problem::Broken { file: self.name.clone(), line: self.number, reason: self.reason.clone() }
    }

    /// The problem to report about the current line.
    pub fn bad_row(&self, reason: String) -> Problem {
        Problem::BadRow { file: self.name.clone(), line: self.number, reason }
    }

    /// An error about a table, at its own line number.
    pub fn bad_table(&self, line: u64, reason: String) -> ImportError {
        ImportError::BadTable { file: self.name.clone(), line, reason }
    }

    /// Everything from the current line on, for tables that are needed whole.
    pub fn into_table(mut self) -> Result<(Self, Vec<u8>), ImportError> {
        let mut all = std::mem::take(&mut self.buffer);
        all.push(b'\n');
        let read = (&mut self.reader).take(TABLE_BYTES_MAX).read_to_end(&mut all);
        if let Err(e) = read {
            return Err(self.unreadable(e.to_string()));
        }
        if all.len() as u64 > TABLE_BYTES_MAX {
            return Err(self.unreadable(format!("it is larger than {TABLE_BYTES_MAX} bytes, too much for a table")));
        }
        Ok((self, all))
    }
}
