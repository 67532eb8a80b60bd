//! Sound files to begin with, made once by the log itself, and a place to put forged ones.

use crate::sample::{append, fast_home, options, records};
use eventlog::{LogReader, LogWriter, Signer, WriterOptions, maintain, segment};
use schemas::frame::{FrameHeader, HEADER_LEN, decode_into};
use schemas::{Bytes32, Envelope, Record};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Without a hot copy, so that a thousand logs can be opened in seconds.
pub fn bare() -> WriterOptions {
    WriterOptions { hot: false, roll_len: 4_000, ..options() }
}

/// Every kind of event there is.
fn every_kind() -> Vec<Record> {
    let frame: &[u8] = include_bytes!("../../../../schemas/golden/v1.frame");
    let header = FrameHeader::parse(frame.first_chunk().unwrap()).unwrap();
    let mut events = Vec::new();
    decode_into(&header, &frame[HEADER_LEN..], &mut events).unwrap();
    events.into_iter().map(Record::from).collect()
}

pub struct Base {
    /// A closed log that was never sealed: its files by name.
    pub journal: BTreeMap<PathBuf, Vec<u8>>,
    /// A closed log with two segments, a short journal, a snapshot, checkpoints, and one segment archived and deleted.
    pub sealed: BTreeMap<PathBuf, Vec<u8>>,
    /// What is in them.
    pub journal_events: Vec<Envelope>,
    pub sealed_events: Vec<Envelope>,
    /// One segment, plain and compressed.
    pub segments: [Vec<u8>; 2],
}

pub fn base() -> &'static Base {
    static BASE: OnceLock<Base> = OnceLock::new();
    BASE.get_or_init(|| {
        let home = fast_home();
        let (plain, sealed) = (home.path().join("plain"), home.path().join("sealed"));
        let (mut writer, _) = LogWriter::open(&plain, &WriterOptions { roll_len: 1 << 20, ..bare() }).unwrap();
        append(&mut writer, &[1, 3]);
        writer.commit(&every_kind()).unwrap();
        writer.commit(&records(writer.next_seq().get(), 2)).unwrap();
        writer.close().unwrap();
        write_sealed(&sealed, &home.path().join("key"));
        let reader = LogReader::open(&sealed).unwrap();
        let one = &reader.segments().unwrap()[0];
        let packed = segment::recompress(&one.path, &home.path().join("packed")).unwrap();
        Base {
            journal: crate::sample::files(&plain),
            sealed: crate::sample::files(&sealed),
            journal_events: read_from(&plain),
            sealed_events: read_from(&sealed),
            segments: [fs::read(&one.path).unwrap(), fs::read(packed.path).unwrap()],
        }
    })
}

fn write_sealed(dir: &Path, key: &Path) {
    let signer = Some(Arc::new(Signer::create(key).unwrap()));
    let kept = WriterOptions { signer, keep_journal: 0, roll_len: 1 << 20, ..bare() };
    let (mut writer, _) = LogWriter::open(dir, &kept).unwrap();
    append(&mut writer, &[4, 2]);
    writer.seal_all().unwrap();
    append(&mut writer, &[1, 70, 2]);
    writer.commit(&every_kind()).unwrap();
    writer.sign_checkpoint(Bytes32([5; 32])).unwrap();
    writer.seal_all().unwrap();
    writer.commit(&records(writer.next_seq().get(), 20)).unwrap();
    writer.seal_all().unwrap();
    writer.write_snapshot(&[("one".to_owned(), vec![7; 300]), ("two".to_owned(), (0..=255).collect())]).unwrap();
    writer.commit(&records(writer.next_seq().get(), 3)).unwrap();
    writer.close().unwrap();
    maintain::prune(dir, 6).unwrap();
}

/// Every event that is still there.
fn read_from(dir: &Path) -> Vec<Envelope> {
    super::whole::read(dir).unwrap()
}

/// A directory that holds a log whose files are replaced for every case.
pub struct Place {
    _home: tempfile::TempDir,
    pub dir: PathBuf,
}

impl Default for Place {
    fn default() -> Self {
        let home = fast_home();
        let dir = home.path().join("log");
        Self { _home: home, dir }
    }
}

impl Place {
    /// Puts a log there, with one file replaced, or added.
    pub fn put(&self, files: &BTreeMap<PathBuf, Vec<u8>>, name: &str, bytes: &[u8]) {
        crate::sample::restore(&self.dir, files);
        let path = self.dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Another directory beside it, empty.
    pub fn beside(&self, name: &str) -> PathBuf {
        let path = self.dir.with_extension(name);
        let _ = fs::remove_dir_all(&path);
        path
    }
}
