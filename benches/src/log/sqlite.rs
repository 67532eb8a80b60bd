//! SQLite, as one would use it for events: a row each, write-ahead log, every transaction durable.

use super::Sink;
use super::events::Sum;
use crate::error::MeasureError;
use rusqlite::{Connection, OpenFlags, Statement, params};
use schemas::{CycleId, Event, Record};
use std::path::Path;

const SCHEMA: &str = "CREATE TABLE events (seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind INTEGER NOT NULL,
    payload BLOB NOT NULL)";
const INSERT: &str = "INSERT INTO events (time, kind, payload) VALUES (?1, ?2, ?3)";
/// Pages read through the page cache instead of copies: SQLite at its fastest.
const MAPPED: i64 = 1 << 30;

/// A row an event, a transaction a batch.
pub struct SqliteRows {
    db: Connection,
}

/// How durable a commit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// On the disk when it returns.
    Full,
    /// Whenever: for filling a database to read from.
    Off,
}

impl SqliteRows {
    /// An empty database.
    pub fn create(path: &Path, durability: Durability) -> Result<Self, MeasureError> {
        let db = Connection::open(path)?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", if durability == Durability::Full { "FULL" } else { "OFF" })?;
        db.execute_batch(SCHEMA)?;
        Ok(Self { db })
    }

    /// Lets events be found by time too.
    pub fn index_times(&self) -> Result<(), MeasureError> {
        Ok(self.db.execute_batch("CREATE INDEX by_time ON events (time)")?)
    }
}

impl Sink for SqliteRows {
    fn commit(&mut self, records: &Vec<Record>) -> Result<(), MeasureError> {
        let transaction = self.db.transaction()?;
        let mut insert = transaction.prepare_cached(INSERT)?;
        for r in records {
            let payload = to_payload(r)?;
            insert.execute(params![r.time.0, r.event.kind() as u8, payload])?;
        }
        drop(insert);
        Ok(transaction.commit()?)
    }

    fn close(self: Box<Self>) -> Result<(), MeasureError> {
        self.db.close().map_err(|(_, e)| e.into())
    }
}

fn to_payload(r: &Record) -> Result<Vec<u8>, MeasureError> {
    let body = (r.cause, r.cycle, &r.event);
    bincode::serde::encode_to_vec(body, bincode::config::standard()).map_err(|e| MeasureError::Payload(e.to_string()))
}

fn from_payload(payload: &[u8]) -> Result<(u64, CycleId, Event), MeasureError> {
    let decoded = bincode::serde::decode_from_slice(payload, bincode::config::standard());
    decoded.map(|(body, _)| body).map_err(|e| MeasureError::Payload(e.to_string()))
}

/// A database to read from.
pub fn open_to_read(path: &Path) -> Result<Connection, MeasureError> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    db.pragma_update(None, "mmap_size", MAPPED)?;
    Ok(db)
}

/// Reads and decodes every row, in order.
pub fn scan(path: &Path) -> Result<Sum, MeasureError> {
    let db = open_to_read(path)?;
    let mut select = db.prepare("SELECT time, payload FROM events ORDER BY seq")?;
    let mut rows = select.query([])?;
    let mut sum = Sum::default();
    while let Some(row) = rows.next()? {
        let (cause, cycle, event) = from_payload(row.get_ref(1)?.as_blob().unwrap_or_default())?;
        sum.take_in(row.get(0)?, cause, cycle.0);
        std::hint::black_box(&event);
    }
    Ok(sum)
}

/// Statements that find one event.
pub struct SqlitePoints<'a> {
    by_seq: Statement<'a>,
    by_time: Statement<'a>,
}

impl<'a> SqlitePoints<'a> {
    /// Prepares them.
    pub fn new(db: &'a Connection) -> Result<Self, MeasureError> {
        let by_seq = db.prepare("SELECT seq, time, payload FROM events WHERE seq = ?1")?;
        let by_time =
            db.prepare("SELECT seq, time, payload FROM events WHERE time >= ?1 ORDER BY time, seq LIMIT 1")?;
        Ok(Self { by_seq, by_time })
    }

    /// The event at a sequence, decoded.
    pub fn at(&mut self, seq: u64) -> Result<Option<(u64, Event)>, MeasureError> {
        found(&mut self.by_seq, i64::try_from(seq).unwrap_or(i64::MAX))
    }

    /// The first event at or after a time, decoded.
    pub fn at_or_after(&mut self, time: i64) -> Result<Option<(u64, Event)>, MeasureError> {
        found(&mut self.by_time, time)
    }
}

fn found(statement: &mut Statement<'_>, key: i64) -> Result<Option<(u64, Event)>, MeasureError> {
    let mut rows = statement.query([key])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let seq: i64 = row.get(0)?;
    let (_, _, event) = from_payload(row.get_ref(2)?.as_blob().unwrap_or_default())?;
    Ok(Some((seq.cast_unsigned(), event)))
}
