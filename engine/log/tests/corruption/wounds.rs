//! What happens to the files.

use crate::dice::Dice;
use crate::forge;
use crate::worlds::{Content, World};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Which part of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Anchor,
    /// Journal files that are not sealed.
    Journal,
    /// Journal files that were kept after they were sealed.
    KeptJournal,
    Segment,
    Hot,
    Checkpoints,
    Pruned,
    Snapshot,
}

/// Parts that lie in a folder of their own.
const FOLDERS: [(Part, &str); 4] =
    [(Part::Journal, "journal"), (Part::Segment, "segments"), (Part::Hot, "hot"), (Part::Snapshot, "snapshots")];
pub const PARTS: [Part; 8] = [
    Part::Anchor,
    Part::Journal,
    Part::KeptJournal,
    Part::Segment,
    Part::Hot,
    Part::Checkpoints,
    Part::Pruned,
    Part::Snapshot,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    BitFlips,
    Truncated,
    ZeroSector,
    ZeroPage,
    Garbage,
    Deleted,
    Emptied,
    Swapped,
    Stale,
    OtherLog,
    OtherHistory,
    Reordered,
    FrameTwice,
    FrameGone,
    FrameInserted,
    Forged,
    FolderGone,
    FolderStale,
    FolderOfAnother,
}

pub const KINDS: [Kind; 19] = [
    Kind::BitFlips,
    Kind::Truncated,
    Kind::ZeroSector,
    Kind::ZeroPage,
    Kind::Garbage,
    Kind::Deleted,
    Kind::Emptied,
    Kind::Swapped,
    Kind::Stale,
    Kind::OtherLog,
    Kind::OtherHistory,
    Kind::Reordered,
    Kind::FrameTwice,
    Kind::FrameGone,
    Kind::FrameInserted,
    Kind::Forged,
    Kind::FolderGone,
    Kind::FolderStale,
    Kind::FolderOfAnother,
];

/// Everything about one damage.
#[derive(Clone, Debug)]
pub struct Wound {
    pub kind: Kind,
    pub part: Part,
    pub what: String,
    /// It puts something where only a person can say whether it belongs there.
    pub is_foreign: bool,
}

impl fmt::Display for Wound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} of {:?}: {}", self.kind, self.part, self.what)
    }
}

/// The part of the log that a file belongs to; `None` for what is no part of it.
pub fn part_of(world: &World, name: &Path) -> Option<Part> {
    let text = name.to_str().unwrap();
    let folder = FOLDERS.iter().find(|(_, folder)| name.starts_with(folder)).map(|(part, _)| *part);
    match text {
        _ if text.ends_with(".tmp") => None,
        "head" => Some(Part::Anchor),
        "checkpoints" => Some(Part::Checkpoints),
        "pruned" => Some(Part::Pruned),
        _ if folder == Some(Part::Journal) => {
            let first = u64::from_str_radix(text.strip_prefix("journal/j-")?.strip_suffix(".aaj")?, 16).ok()?;
            Some(if first <= world.sealed() { Part::KeptJournal } else { Part::Journal })
        }
        _ => folder,
    }
}

fn names(world: &World, content: &Content, part: Part) -> Vec<PathBuf> {
    content.keys().filter(|name| part_of(world, name) == Some(part)).cloned().collect()
}

/// One damage to `content`; `None` if what was drawn cannot happen to this log.
pub fn wound(world: &World, content: &mut Content, dice: &mut Dice) -> Option<Wound> {
    let (kind, part) = (*dice.pick(&KINDS), *dice.pick(&PARTS));
    let before = content.clone();
    let (what, is_foreign) = match kind {
        Kind::FolderGone | Kind::FolderStale | Kind::FolderOfAnother => folder(world, content, kind, part, dice)?,
        Kind::Stale | Kind::OtherLog | Kind::OtherHistory => strange_file(world, content, kind, part, dice)?,
        Kind::Swapped => swapped(world, content, part, dice)?,
        Kind::Reordered | Kind::FrameTwice | Kind::FrameGone | Kind::FrameInserted | Kind::Forged => {
            moved_frames(world, content, kind, part, dice)?
        }
        Kind::Deleted => {
            let name = pick(&names(world, content, part), dice)?;
            content.remove(&name);
            (name.display().to_string(), false)
        }
        _ => bytes_changed(world, content, kind, part, dice)?,
    };
    (*content != before).then_some(Wound { kind, part, what, is_foreign })
}

fn pick(from: &[PathBuf], dice: &mut Dice) -> Option<PathBuf> {
    if from.is_empty() { None } else { Some(dice.pick(from).clone()) }
}

fn bytes_changed(
    world: &World,
    content: &mut Content,
    kind: Kind,
    part: Part,
    dice: &mut Dice,
) -> Option<(String, bool)> {
    let name = pick(&names(world, content, part), dice)?;
    let mut bytes = content[&name].to_vec();
    if bytes.is_empty() {
        return None;
    }
    // sled's file is mostly space that it reserved.
    let used = bytes.iter().rposition(|b| *b != 0).map_or(1, |at| at + 1);
    let len = if dice.one_in(8) { bytes.len() } else { used };
    let at = dice.place(len);
    let what = match kind {
        Kind::BitFlips => {
            let places: Vec<_> = (0..1 + dice.below(4)).map(|_| (dice.place(len), dice.below(8))).collect();
            places.iter().for_each(|(at, bit)| bytes[*at] ^= 1 << bit);
            format!("bits {places:?}")
        }
        Kind::Truncated => {
            bytes.truncate(at);
            format!("to {at} bytes")
        }
        Kind::ZeroSector | Kind::ZeroPage => {
            let size = if kind == Kind::ZeroPage { 4096 } else { 512 };
            let start = at / size * size;
            let end = (start + size).min(bytes.len());
            bytes[start..end].fill(0);
            format!("{start} to {end}")
        }
        Kind::Garbage => {
            let end = (at + 1 + dice.below(600)).min(bytes.len());
            bytes[at..end].iter_mut().for_each(|b| *b = dice.roll() as u8);
            format!("{at} to {end}")
        }
        _ => {
            bytes.clear();
            String::new()
        }
    };
    content.insert(name.clone(), Arc::new(bytes));
    Some((format!("{} {what}", name.display()), false))
}

fn swapped(world: &World, content: &mut Content, part: Part, dice: &mut Dice) -> Option<(String, bool)> {
    let names = names(world, content, part);
    let (a, b) = (pick(&names, dice)?, pick(&names, dice)?);
    let (of_a, of_b) = (Arc::clone(&content[&a]), Arc::clone(&content[&b]));
    content.insert(a.clone(), of_b);
    content.insert(b.clone(), of_a);
    Some((format!("{} and {}", a.display(), b.display()), false))
}

/// A file of an earlier moment of this log, or of another one, under its own name or, if it is another log's, under
/// one of ours.
fn strange_file(
    world: &World,
    content: &mut Content,
    kind: Kind,
    part: Part,
    dice: &mut Dice,
) -> Option<(String, bool)> {
    let (from, whose) = match kind {
        Kind::Stale => {
            let moment = dice.below(2);
            (&world.moments[moment], format!("as at moment {moment}"))
        }
        Kind::OtherLog => (&world.other, "of another log".to_owned()),
        _ => (&world.fork, "of another history".to_owned()),
    };
    let name = pick(&names(world, from, part), dice)?;
    let ours = if kind == Kind::Stale || dice.one_in(2) { None } else { pick(&names(world, content, part), dice) };
    let target = ours.unwrap_or_else(|| name.clone());
    content.insert(target.clone(), Arc::clone(&from[&name]));
    Some((format!("{} {whose} as {}", name.display(), target.display()), kind != Kind::Stale))
}

fn moved_frames(
    world: &World,
    content: &mut Content,
    kind: Kind,
    part: Part,
    dice: &mut Dice,
) -> Option<(String, bool)> {
    let is_segment = part == Part::Segment && kind == Kind::Reordered;
    if !is_segment && !matches!(part, Part::Journal | Part::KeptJournal) {
        return None;
    }
    let name = pick(&names(world, content, part), dice)?;
    let bytes = &content[&name];
    let (new, how, is_foreign) = match kind {
        Kind::Reordered => (forge::reordered(bytes, dice)?, "", false),
        Kind::FrameTwice => (forge::duplicated(bytes, dice)?, "", false),
        Kind::FrameGone => (forge::dropped(bytes, dice)?, "", false),
        Kind::FrameInserted => {
            let from = *dice.pick(&[&world.other, &world.fork, world.content()]);
            let journal: Vec<_> = from.keys().filter(|n| n.extension().is_some_and(|e| e == "aaj")).cloned().collect();
            let (new, is_last) = forge::inserted(bytes, &from[&pick(&journal, dice)?], dice)?;
            (new, if is_last { "at its end" } else { "" }, is_last)
        }
        _ => {
            let (new, how) = forge::forged(bytes, dice)?;
            (new, how, true)
        }
    };
    content.insert(name.clone(), Arc::new(new));
    Some((format!("{} {how}", name.display()), is_foreign))
}

fn folder(world: &World, content: &mut Content, kind: Kind, part: Part, dice: &mut Dice) -> Option<(String, bool)> {
    let (_, folder) = FOLDERS.iter().find(|(p, _)| *p == part)?;
    content.retain(|name, _| !name.starts_with(folder));
    let moment = dice.below(2);
    let (from, whose) = match kind {
        Kind::FolderGone => return Some((format!("{folder}/"), false)),
        Kind::FolderStale => (&world.moments[moment], format!("as at moment {moment}")),
        _ if moment == 0 => (&world.other, "of another log".to_owned()),
        _ => (&world.fork, "of another history".to_owned()),
    };
    content.extend(from.iter().filter(|(n, _)| n.starts_with(folder)).map(|(n, b)| (n.clone(), Arc::clone(b))));
    Some((format!("{folder}/ {whose}"), kind == Kind::FolderOfAnother))
}
