//! Asking a person: passwords without an echo, and confirmations that have to be typed.

use crate::exit::{Code, Failure};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use signer::Password;
use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Read, Write};
use zeroize::Zeroizing;

/// Longest line that is read, bytes.
const LINE_MAX: usize = 1024;

/// Asks for a password. Only on a terminal: a pipe would have to hold it in the clear, for which there is a file.
pub(super) fn password(question: &str) -> Result<Password, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::new(Code::Usage, "there is no terminal to ask for the password on")
            .next("name a file that holds it, mode 0600, with --password-file"));
    }
    Password::new(hidden_line(question)?).map_err(super::key_failure)
}

/// Asks for a new password, twice.
pub(super) fn new_password() -> Result<Password, Failure> {
    let first = password("New password, at least 10 characters: ")?;
    let second = password("Once more: ")?;
    if first.same(&second) { Ok(first) } else { Err(Failure::new(Code::Usage, "the two passwords differ")) }
}

/// A key: asked for without an echo on a terminal, else the first line of standard input.
pub(super) fn private_key() -> Result<Zeroizing<String>, Failure> {
    if io::stdin().is_terminal() {
        return hidden_line("Private key, 64 hex digits (not shown): ");
    }
    line_of(&mut io::stdin().lock())
}

/// Has `expected` typed. Anything else ends the command, with nothing done.
pub(in crate::cmd) fn confirm(expected: &str, what: &str) -> Result<(), Failure> {
    match typed(expected, what)? {
        true => Ok(()),
        false => Err(Failure::new(Code::Usage, "that is not what was asked for; nothing was signed")),
    }
}

/// Whether `expected` is what a person types.
pub(in crate::cmd) fn typed(expected: &str, what: &str) -> Result<bool, Failure> {
    eprint!("\nTo {what}, type  {expected}  : ");
    io::stderr().flush()?;
    let typed = line_of(&mut io::stdin().lock())?;
    Ok(typed.split_whitespace().eq(expected.split_whitespace()))
}

fn hidden_line(question: &str) -> Result<Zeroizing<String>, Failure> {
    let mut tty = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    // Before the question: whoever answers at once must not be echoed either.
    let _quiet = Quiet::new(tty.try_clone()?)?;
    tty.write_all(question.as_bytes())?;
    line_of(&mut tty)
}

/// A terminal without an echo, for as long as this lives.
struct Quiet {
    tty: File,
    before: Termios,
}

impl Quiet {
    fn new(tty: File) -> Result<Self, Failure> {
        let before = tcgetattr(&tty).map_err(io::Error::from)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        quiet.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(&tty, OptionalActions::Flush, &quiet).map_err(io::Error::from)?;
        Ok(Self { tty, before })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.tty, OptionalActions::Now, &self.before);
    }
}

/// One line, byte by byte: what is behind it stays for whoever reads next, and no buffer keeps a copy.
fn line_of(from: &mut impl Read) -> Result<Zeroizing<String>, Failure> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LINE_MAX));
    let mut byte = Zeroizing::new([0u8; 1]);
    while bytes.len() < LINE_MAX && from.read(&mut *byte)? == 1 && byte[0] != b'\n' {
        bytes.push(byte[0]);
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| Failure::new(Code::Usage, "what was typed is no text"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_they_end() {
        let mut from = io::Cursor::new(b"one\r\ntwo\nthree".to_vec());
        let lines: Vec<String> = (0..4).map(|_| line_of(&mut from).unwrap().to_string()).collect();
        assert_eq!(lines, ["one", "two", "three", ""]);
        assert!(line_of(&mut io::Cursor::new([0xff, b'\n'])).is_err());
        assert_eq!(line_of(&mut io::Cursor::new(vec![b'x'; 5000])).unwrap().len(), LINE_MAX);
    }
}
