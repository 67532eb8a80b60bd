//! Points of a log, and moments given from its end.

use crate::events;
use console::exit::{Code, Failure};
use eventlog::LogReader;
use schemas::time::{NANOS_PER_DAY, NANOS_PER_SEC};
use schemas::{Seq, UtcNanos};
use std::str::FromStr;

/// A point of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Behind an event.
    Seq(Seq),
    /// Behind the last event at or before a time.
    Time(UtcNanos),
    /// Behind the last event.
    End,
}

/// A text is no point of a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no point of a log: write a sequence (1234), a time (2026-06-07T01:30:51Z) or `end`")]
pub struct NoPoint(String);

impl FromStr for Point {
    type Err = NoPoint;

    fn from_str(text: &str) -> Result<Self, NoPoint> {
        if text.eq_ignore_ascii_case("end") {
            return Ok(Self::End);
        }
        if let Ok(n) = text.parse::<u64>() {
            return Seq::new(n).map(Self::Seq).ok_or_else(|| NoPoint(text.to_owned()));
        }
        text.parse().map(Self::Time).map_err(|_| NoPoint(text.to_owned()))
    }
}

impl Point {
    /// The last event at or before the point.
    pub fn resolve(self, reader: &LogReader) -> Result<u64, Failure> {
        let last = reader.last()?.seq;
        let seq = match self {
            Self::Seq(seq) => seq.get(),
            Self::End => last,
            Self::Time(time) => reader.seek_time(time.plus(1))?.map_or(last, |behind| behind.get() - 1),
        };
        if seq > last || last == 0 {
            return Err(events::beyond(reader, seq)?);
        }
        if seq == 0 {
            let first = events::one(reader, 1)?.time;
            return Err(Failure::new(Code::Usage, format!("the log begins later, at {first}")));
        }
        Ok(seq)
    }
}

/// A moment: a time, or so long before the end of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A time of the log.
    At(UtcNanos),
    /// Nanoseconds before its last event.
    BeforeEnd(i64),
}

/// A text is no moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no time: write RFC 3339 (2026-06-07T01:30:51Z), or -90s, -30m, -2h, -1d before the log's end")]
pub struct NoMoment(String);

impl FromStr for Moment {
    type Err = NoMoment;

    fn from_str(text: &str) -> Result<Self, NoMoment> {
        let wrong = || NoMoment(text.to_owned());
        let Some(length) = text.strip_prefix('-') else {
            return text.parse().map(Self::At).map_err(|_| wrong());
        };
        let unit = match length.chars().last() {
            Some('s') => NANOS_PER_SEC,
            Some('m') => 60 * NANOS_PER_SEC,
            Some('h') => 3_600 * NANOS_PER_SEC,
            Some('d') => NANOS_PER_DAY,
            _ => return Err(wrong()),
        };
        let count: i64 = length[..length.len() - 1].parse().map_err(|_| wrong())?;
        count.checked_mul(unit).filter(|n| *n >= 0).map(Self::BeforeEnd).ok_or_else(wrong)
    }
}

impl Moment {
    /// As a time of this log.
    pub fn resolve(self, reader: &LogReader) -> Result<UtcNanos, Failure> {
        match self {
            Self::At(time) => Ok(time),
            Self::BeforeEnd(nanos) => Ok(events::last_time(reader)?.plus(-nanos)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_read() {
        assert_eq!("end".parse(), Ok(Point::End));
        assert_eq!("12".parse(), Ok(Point::Seq(Seq::new(12).unwrap())));
        assert_eq!("1970-01-01T00:00:01Z".parse(), Ok(Point::Time(UtcNanos(NANOS_PER_SEC))));
        assert!("0".parse::<Point>().is_err());
        assert!("tomorrow".parse::<Point>().is_err());
    }

    #[test]
    fn moments_read() {
        assert_eq!("-2h".parse(), Ok(Moment::BeforeEnd(7_200 * NANOS_PER_SEC)));
        assert_eq!("1970-01-01T00:00:01Z".parse(), Ok(Moment::At(UtcNanos(NANOS_PER_SEC))));
        for bad in ["-", "-2", "-h", "--2h", "-2w", "-99999999999d", "2h"] {
            assert!(bad.parse::<Moment>().is_err(), "{bad}");
        }
    }
}
