//! Which objects hold a log's sealed history: those a target has already, and segments of the log that it lacks.

use crate::manifest::{Object, Range};
use eventlog::SegmentInfo;
use schemas::frame::Head;

/// One stretch of the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stretch<'a> {
    /// The target has it.
    Kept(&'a Object),
    /// The log's segment is to be uploaded.
    New(&'a SegmentInfo),
}

/// Why the history cannot be put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Neither has these events.
    Gap(u64, u64),
    /// Both have this event, with different chains.
    Fork(u64),
}

/// Puts the history together, from `genesis` to where the log is sealed. `known` are the target's segments that may be
/// used again, `first_seq` is the first event that the log itself still has.
pub(crate) fn cover<'a>(
    genesis: Head,
    first_seq: u64,
    local: &'a [SegmentInfo],
    known: &[(&'a Object, Range)],
) -> Result<Vec<Stretch<'a>>, Fault> {
    let mut stretches = Vec::new();
    let mut at = genesis;
    loop {
        let here = local.iter().find(|s| s.before.seq == at.seq);
        let there = known.iter().find(|(_, r)| r.before.seq == at.seq);
        if here.is_some_and(|s| s.before != at) || there.is_some_and(|(_, r)| r.before != at) {
            return Err(Fault::Fork(at.seq));
        }
        at = match (here, there) {
            (Some(s), Some((_, r))) if s.head.seq == r.head.seq && s.head != r.head => {
                return Err(Fault::Fork(s.head.seq));
            }
            (Some(s), Some((object, r))) if s.head == r.head => {
                stretches.push(Stretch::Kept(object));
                s.head
            }
            (Some(s), _) => {
                stretches.push(Stretch::New(s));
                s.head
            }
            (None, Some((object, r))) if at.seq + 1 < first_seq => {
                stretches.push(Stretch::Kept(object));
                r.head
            }
            (None, _) if at.seq + 1 < first_seq => return Err(Fault::Gap(at.seq + 1, first_seq - 1)),
            (None, _) => return Ok(stretches),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Kind, Sealed};
    use schemas::{Bytes32, UtcNanos};
    use std::path::PathBuf;

    fn head(seq: u64) -> Head {
        Head { seq, chain: Bytes32([seq as u8; 32]) }
    }

    fn segment(first: u64, last: u64) -> SegmentInfo {
        SegmentInfo {
            path: PathBuf::new(),
            log_id: [0; 16],
            before: head(first - 1),
            head: head(last),
            first_seq: first,
            last_seq: last,
            first_time: UtcNanos(0),
            last_time: UtcNanos(0),
            events: last + 1 - first,
            frames: 1,
            blocks: 1,
            file_len: 1,
            raw_len: 1,
            compressed: false,
            footer_hash: Bytes32::ZERO,
        }
    }

    fn object(first: u64, last: u64) -> Object {
        let range = Range { before: head(first - 1), head: head(last) };
        Object {
            key: format!("segments/{first}-{last}"),
            kind: Kind::Segment,
            name: String::new(),
            sealed: Sealed::Plain,
            stored_len: 1,
            stored_hash: Bytes32::ZERO,
            plain_len: 1,
            plain_hash: Bytes32::ZERO,
            range: Some(range),
        }
    }

    fn covered(first_seq: u64, local: &[(u64, u64)], known: &[(u64, u64)]) -> Result<Vec<String>, Fault> {
        let local: Vec<_> = local.iter().map(|(a, b)| segment(*a, *b)).collect();
        let objects: Vec<_> = known.iter().map(|(a, b)| object(*a, *b)).collect();
        let known: Vec<_> = objects.iter().filter_map(|o| o.range.map(|r| (o, r))).collect();
        let stretches = cover(head(0), first_seq, &local, &known)?;
        Ok(stretches
            .iter()
            .map(|s| match s {
                Stretch::Kept(o) => format!("kept {}", o.key),
                Stretch::New(s) => format!("new {}-{}", s.first_seq, s.last_seq),
            })
            .collect())
    }

    #[test]
    fn only_what_is_new_is_uploaded() {
        assert_eq!(covered(1, &[(1, 9), (10, 20)], &[]).unwrap(), ["new 1-9", "new 10-20"]);
        assert_eq!(covered(1, &[(1, 9), (10, 20)], &[(1, 9)]).unwrap(), ["kept segments/1-9", "new 10-20"]);
        assert_eq!(covered(1, &[], &[]).unwrap(), [] as [String; 0]);
    }

    #[test]
    fn pruned_history_comes_from_the_target() {
        let known = [(1, 9), (10, 20), (21, 30)];
        let expected = ["kept segments/1-9", "kept segments/10-20", "kept segments/21-30", "new 31-40"];
        assert_eq!(covered(21, &[(21, 30), (31, 40)], &known).unwrap(), expected);
        assert_eq!(covered(21, &[(21, 30)], &known[1..]), Err(Fault::Gap(1, 20)));
        assert_eq!(covered(21, &[(21, 30)], &known[..1]), Err(Fault::Gap(10, 20)));
        // All of it is pruned or in the journal.
        assert_eq!(covered(10, &[], &known[..1]).unwrap(), expected[..1]);
    }

    #[test]
    fn another_cut_of_the_same_events_is_uploaded() {
        // A restored log has the old tail as a segment of its own.
        let expected = ["new 1-5", "new 6-20", "kept segments/21-30"];
        assert_eq!(covered(1, &[(1, 5), (6, 20), (21, 30)], &[(1, 20), (21, 30)]).unwrap(), expected);
    }

    #[test]
    fn another_history_is_refused() {
        let mut other = segment(1, 9);
        other.head.chain = Bytes32([77; 32]);
        let known = object(1, 9);
        let other = [other];
        let fork = cover(head(0), 1, &other, &[(&known, known.range.unwrap())]);
        assert_eq!(fork, Err(Fault::Fork(9)));
        let next = object(10, 20);
        let fork = cover(head(0), 1, &other, &[(&next, next.range.unwrap())]);
        assert_eq!(fork, Err(Fault::Fork(9)));
    }
}
