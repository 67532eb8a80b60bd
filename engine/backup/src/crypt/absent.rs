//! A build without encryption: whatever asks for it is refused, and encrypted objects stay closed.

use crate::error::BackupError;
use std::convert::Infallible;
use std::io::{self, Read, Write};
use std::path::Path;

const REFUSED: BackupError = BackupError::NotBuilt { what: "encryption", feature: "encryption" };

/// There is none.
pub(super) type Secret = Infallible;

pub(super) fn secret(_: &str) -> Result<Secret, BackupError> {
    Err(REFUSED)
}

pub(super) fn open_key(_: &[u8], passphrase: &Secret, _: &str) -> Result<Infallible, BackupError> {
    match *passphrase {}
}

pub(super) fn make_key(passphrase: &Secret) -> Result<(Infallible, Vec<u8>), BackupError> {
    match *passphrase {}
}

/// Nobody.
#[derive(Default)]
pub(super) struct Recipients;

impl Recipients {
    pub(super) fn is_empty(&self) -> bool {
        true
    }

    pub(super) fn add(&mut self, _: &str) -> Result<(), BackupError> {
        Err(REFUSED)
    }

    pub(super) fn add_own(&mut self, identity: &Infallible) {
        match *identity {}
    }

    pub(super) fn encrypt<W: Write>(&self, from: &mut dyn Read, mut to: W) -> io::Result<W> {
        crate::sums::pour(from, &mut to)?;
        Ok(to)
    }
}

/// None.
#[derive(Default)]
pub(super) struct Identities;

impl Identities {
    pub(super) fn is_empty(&self) -> bool {
        true
    }

    pub(super) fn add_file(&mut self, _: &Path) -> Result<(), BackupError> {
        Err(REFUSED)
    }

    pub(super) fn add_own(&mut self, identity: Infallible) {
        match identity {}
    }

    pub(super) fn decrypt<R: Read>(&self, _: R, _: &str) -> Result<R, BackupError> {
        Err(REFUSED)
    }
}
