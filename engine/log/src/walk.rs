//! One walk over the whole journal: it checks every frame, decides what a bad spot is, and, where a second copy has the
//! missing frames, puts the file together anew. Opening, repairing and verifying are this same walk with another copy
//! to ask and another place to write.
//!
//! A bad spot is **a torn tail** if nothing valid lies behind it and the head anchor does not cover it: it was never
//! acknowledged and is dropped. Anything else is **damage**: the frames come from the second copy, or the walk fails
//! with the first event that nobody has. A frame is the same bytes in both copies, so behind a replaced frame the walk
//! goes on in the damaged file itself, and loses nothing that is still readable there.

use crate::LogId;
use crate::anchor::{AnchorState, HeadAnchor, anchor_path};
use crate::disk::{create_dir, damaged_name, read_if_there, sync_dir, with_suffix, write_synced};
use crate::error::{LogError, io_error};
use crate::journal::{FILE_HEADER_LEN, FileHeader, Place, examine, file_path, is_newer, list_files};
use schemas::frame::{Check, FrameError, FrameHeader, HEADER_LEN, Head};
use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};

/// Where frames come from that the journal does not have.
pub(crate) trait FrameSource {
    /// The bytes of the frame that begins at `seq`.
    fn frame_at(&mut self, seq: u64) -> Option<Vec<u8>>;
    /// Why it has none, for an error's text.
    fn excuse(&self) -> String;
}

/// No second copy, and why.
pub(crate) struct NoSource(pub(crate) String);

impl FrameSource for NoSource {
    fn frame_at(&mut self, _: u64) -> Option<Vec<u8>> {
        None
    }

    fn excuse(&self) -> String {
        self.0.clone()
    }
}

/// What a walk may take for granted, and whether it writes.
pub(crate) struct WalkOptions<'a> {
    pub(crate) journal: &'a Path,
    pub(crate) log_id: LogId,
    /// Where the sealed part ends: files that begin before are a second copy of segments, and not walked over.
    pub(crate) start: Head,
    pub(crate) anchor: &'a AnchorState,
    /// What the newest signed checkpoint says, if it is about an event behind `start`.
    pub(crate) signed: Option<Head>,
    /// Take a bad end for a torn tail though no anchor says so.
    pub(crate) trust_end: bool,
    pub(crate) roll_len: u64,
    /// Write the files that have to be replaced, under temporary names.
    pub(crate) write: bool,
    /// Also decode every payload.
    pub(crate) decode: bool,
}

/// A file that has to change.
pub(crate) struct Repair {
    pub(crate) file: PathBuf,
    /// The first event that was bad.
    pub(crate) seq: u64,
    /// What was wrong.
    pub(crate) reason: String,
    pub(crate) change: Change,
}

/// How a file has to change.
pub(crate) enum Change {
    /// Its whole content is replaced by what is under the temporary name.
    Replace { temp: PathBuf },
    /// A torn tail is cut off.
    Cut { len: u64, dropped: u64 },
    /// It holds nothing that is not elsewhere in order.
    Aside,
}

/// What a walk found.
pub(crate) struct Walk {
    pub(crate) head: Head,
    pub(crate) frames: u64,
    pub(crate) events: u64,
    pub(crate) bytes: u64,
    /// The last file and where its frames end.
    pub(crate) last: Option<(PathBuf, u64)>,
    /// That this is the end is the journal's own word: it was not put together from elsewhere.
    pub(crate) ends_itself: bool,
    pub(crate) repairs: Vec<Repair>,
}

/// Walks over the journal. On an error nothing is left behind.
pub(crate) fn walk(options: &WalkOptions<'_>, source: &mut dyn FrameSource) -> Result<Walk, LogError> {
    let mut walker = Walker {
        options,
        source,
        files: list_files(options.journal)?.into_iter().filter(|(first, _)| *first > options.start.seq).collect(),
        walk: Walk {
            head: options.start,
            frames: 0,
            events: 0,
            bytes: 0,
            last: None,
            ends_itself: false,
            repairs: Vec::new(),
        },
    };
    match walker.files() {
        Ok(()) => Ok(walker.walk),
        Err(e) => {
            discard(&walker.walk);
            Err(e)
        }
    }
}

/// Removes what a walk wrote and nobody will use.
pub(crate) fn discard(walk: &Walk) {
    for repair in &walk.repairs {
        if let Change::Replace { temp } = &repair.change {
            // A leftover is ignored by readers and removed by the next open.
            let _ = fs::remove_file(temp);
        }
    }
}

/// Puts the repairs in place. A damaged file is kept as `*.damaged-N`.
pub(crate) fn apply(journal: &Path, repairs: &[Repair]) -> Result<(), LogError> {
    for repair in repairs {
        let file = &repair.file;
        match &repair.change {
            Change::Cut { len, .. } => {
                let cut = || {
                    let f = fs::OpenOptions::new().write(true).open(file)?;
                    f.set_len(*len)?;
                    f.sync_all()
                };
                cut().map_err(io_error("cut the torn tail of", file))?;
            }
            Change::Replace { temp } => {
                if file.exists() {
                    // A second name first, so that at no moment the log's own name is missing.
                    let kept = damaged_name(file);
                    let linked = fs::hard_link(file, &kept).or_else(|_| fs::copy(file, &kept).map(|_| ()));
                    linked.map_err(io_error("keep the damaged", file))?;
                }
                fs::rename(temp, file).map_err(io_error("replace", file))?;
            }
            Change::Aside => {
                fs::rename(file, damaged_name(file)).map_err(io_error("set aside", file))?;
            }
        }
    }
    sync_dir(journal)
}

struct Walker<'a> {
    options: &'a WalkOptions<'a>,
    source: &'a mut dyn FrameSource,
    files: VecDeque<(u64, PathBuf)>,
    walk: Walk,
}

/// The content of the file being walked, old and new.
struct Content {
    path: PathBuf,
    first: Head,
    old: Vec<u8>,
    at: usize,
    /// The file put together anew, once it has to differ.
    new: Option<Vec<u8>>,
    bad: Option<(u64, String)>,
}

impl Content {
    /// From now on the file differs from what is on the disk.
    fn differ(&mut self, header: &FileHeader, seq: u64, reason: &str) {
        if self.new.is_none() {
            let mut new = header.to_bytes().to_vec();
            new.extend_from_slice(self.old.get(FILE_HEADER_LEN..self.at).unwrap_or_default());
            self.new = Some(new);
            self.bad = Some((seq, reason.to_owned()));
        }
    }

    fn ahead(&self) -> &[u8] {
        self.old.get(self.at..).unwrap_or_default()
    }

    /// Keeps the next `len` bytes as they are.
    fn keep(&mut self, len: usize) {
        if let (Some(new), Some(frame)) = (&mut self.new, self.old.get(self.at..self.at + len)) {
            new.extend_from_slice(frame);
        }
        self.at += len;
    }

    /// Puts a frame of the other copy over what is here.
    fn replace(&mut self, frame: &[u8]) {
        if let Some(new) = &mut self.new {
            new.extend_from_slice(frame);
        }
        self.at += frame.len();
    }
}

impl Walker<'_> {
    fn files(&mut self) -> Result<(), LogError> {
        loop {
            let next = self.walk.head.next_seq().get();
            match self.files.front() {
                Some((first_seq, _)) if *first_seq < next => self.leftover(),
                Some((first_seq, _)) if *first_seq == next => {
                    if let Some((_, path)) = self.files.pop_front() {
                        self.file(&path, true)?;
                    }
                }
                behind => {
                    let gap = behind.map(|(first_seq, _)| *first_seq);
                    let path = file_path(self.options.journal, next);
                    if self.ask_source().is_some() {
                        self.file(&path, false)?;
                    } else if let Some(first_seq) = gap {
                        let reason = format!("the file is missing, the next one begins at event {first_seq}");
                        return Err(self.damaged(&path, reason));
                    } else {
                        return self.end();
                    }
                }
            }
        }
    }

    /// A file whose events are all in order elsewhere.
    fn leftover(&mut self) {
        if let Some((seq, file)) = self.files.pop_front() {
            let reason = "the file repeats events of another".to_owned();
            self.walk.repairs.push(Repair { file, seq, reason, change: Change::Aside });
        }
    }

    fn end(&self) -> Result<(), LogError> {
        let found = self.walk.head.seq;
        let signed = self.options.signed.map_or(0, |s| s.seq);
        let anchored = self.options.anchor.newest.map_or(0, |a| a.head.seq);
        if anchored.max(signed) <= found {
            return Ok(());
        }
        let next = || file_path(self.options.journal, found + 1);
        let who = if signed > anchored { "a checkpoint was signed for the last one; " } else { "" };
        Err(LogError::LostSuffix {
            head_seq: anchored.max(signed),
            found_seq: found,
            file: self.walk.last.as_ref().map_or_else(next, |(path, _)| path.clone()),
            reason: format!("{who}{}", self.source.excuse()),
        })
    }

    fn file(&mut self, path: &Path, exists: bool) -> Result<(), LogError> {
        let old = if exists { read_if_there(path)?.unwrap_or_default() } else { Vec::new() };
        let first = self.walk.head;
        let mut content = Content { path: path.to_owned(), first, old, at: FILE_HEADER_LEN, new: None, bad: None };
        let header = self.file_header(&content)?;
        let (wanted, seq) = (FileHeader::behind(&content.first, self.options.log_id), first.seq + 1);
        match header {
            _ if !exists => content.differ(&wanted, seq, "the file was missing"),
            None => content.differ(&wanted, seq, "the file's header was damaged"),
            Some(_) => {}
        }
        self.walk.ends_itself = header.is_some();
        let header = header.unwrap_or(wanted);
        let torn = self.frames(&mut content, &header)?;
        self.finish(content, torn)
    }

    /// The file's header, if it is intact and says what this place asks for.
    fn file_header(&self, content: &Content) -> Result<Option<FileHeader>, LogError> {
        let header = FileHeader::parse(&content.old, &content.path)?;
        match header {
            Some(h) if h.log_id != self.options.log_id => Err(LogError::ForeignCopy {
                file: content.path.clone(),
                seq: h.first_seq,
                reason: "its header carries another log's id".to_owned(),
            }),
            Some(h) if h.first_seq != content.first.seq + 1 || h.prev_chain != content.first.chain => Ok(None),
            header => Ok(header),
        }
    }

    /// Walks over one file's frames. Returns whether its end is a torn tail.
    fn frames(&mut self, content: &mut Content, header: &FileHeader) -> Result<bool, LogError> {
        loop {
            let fault = match examine(content.ahead(), &self.walk.head, Check::Full) {
                Place::Frame(frame, behind) => {
                    self.accept(&content.path, &frame, content.ahead(), behind)?;
                    self.walk.ends_itself = true;
                    content.keep(frame.frame_len());
                    continue;
                }
                Place::Bad(e) if is_newer(&e) => {
                    return Err(LogError::Newer { file: content.path.clone(), source: e });
                }
                Place::Bad(e) => Some(e.to_string()),
                Place::Empty if content.ahead().iter().any(|b| *b != 0) => Some("zeros stand before data".to_owned()),
                Place::Empty => None,
            };
            let next = self.walk.head.next_seq().get();
            let followed = self.files.iter().map(|(first_seq, _)| *first_seq).find(|first_seq| *first_seq >= next);
            if followed == Some(next) || (fault.is_none() && self.is_full(content)) {
                if let Some(reason) = &fault {
                    // The next file begins exactly here, so what lies in between belongs to nothing.
                    content.differ(header, next, reason);
                }
                return Ok(false);
            }
            if let Some((frame, bytes, behind)) = self.ask_source() {
                content.differ(header, next, fault.as_deref().unwrap_or("events were missing at its end"));
                self.accept(&content.path, &frame, &bytes, behind)?;
                self.walk.ends_itself = false;
                content.replace(&bytes);
                continue;
            }
            return match fault {
                // The caller sees whether more should follow.
                None => Ok(false),
                Some(_) if followed.is_none() && self.may_be_torn(content) => Ok(true),
                Some(reason) => Err(self.damaged(&content.path, reason)),
            };
        }
    }

    /// A file that is being put together and long enough.
    fn is_full(&self, content: &Content) -> bool {
        content.new.as_ref().is_some_and(|n| n.len() as u64 >= self.options.roll_len)
    }

    /// Whether nothing at or behind this place can have been acknowledged.
    fn may_be_torn(&self, content: &Content) -> bool {
        let acknowledged = match &self.options.anchor.newest {
            Some(a) if !self.options.anchor.doubtful => a.head.seq,
            Some(a) if self.options.trust_end => a.head.seq,
            None if self.options.trust_end => 0,
            _ => return false,
        };
        acknowledged.max(self.options.signed.map_or(0, |s| s.seq)) <= self.walk.head.seq
            && !holds_frames(content.ahead(), self.walk.head.seq)
    }

    fn ask_source(&mut self) -> Option<(FrameHeader, Vec<u8>, Head)> {
        let bytes = self.source.frame_at(self.walk.head.next_seq().get())?;
        match examine(&bytes, &self.walk.head, Check::Full) {
            Place::Frame(header, behind) if header.frame_len() == bytes.len() => Some((header, bytes, behind)),
            _ => None,
        }
    }

    fn accept(&mut self, file: &Path, header: &FrameHeader, bytes: &[u8], behind: Head) -> Result<(), LogError> {
        if let Some(a) = &self.options.anchor.newest {
            passes(a, &self.walk.head, &behind, file)?;
        }
        if let Some(signed) = self.options.signed.filter(|s| misses(s, &self.walk.head, &behind)) {
            return Err(LogError::BadSignature {
                file: self.options.journal.with_file_name("checkpoints"),
                seq: signed.seq,
                reason: "the log has another chain value there".to_owned(),
            });
        }
        if self.options.decode {
            let mut events = Vec::new();
            schemas::frame::decode_into(header, &bytes[HEADER_LEN..header.frame_len()], &mut events)
                .map_err(|e| self.damaged(file, e.to_string()))?;
        }
        self.walk.head = behind;
        self.walk.frames += 1;
        self.walk.events += u64::from(header.count);
        self.walk.bytes += header.frame_len() as u64;
        Ok(())
    }

    fn finish(&mut self, content: Content, torn: bool) -> Result<(), LogError> {
        let Content { path: file, old, at, new, bad, .. } = content;
        self.walk.last = Some((file.clone(), at as u64));
        if let (Some(bytes), Some((seq, reason))) = (new, bad) {
            let temp = with_suffix(&file, ".restored");
            self.walk.repairs.push(Repair { file, seq, reason, change: Change::Replace { temp: temp.clone() } });
            if self.options.write {
                create_dir(self.options.journal)?;
                write_synced(&temp, &[&bytes])?;
            }
            return Ok(());
        }
        if torn {
            let (seq, dropped) = (self.walk.head.seq + 1, (old.len() - at) as u64);
            let reason = "the last write was cut short".to_owned();
            self.walk.repairs.push(Repair { file, seq, reason, change: Change::Cut { len: at as u64, dropped } });
        }
        Ok(())
    }

    fn damaged(&self, file: &Path, reason: String) -> LogError {
        let reason = format!("{reason}; {}", self.source.excuse());
        LogError::Damaged { file: file.to_owned(), seq: self.walk.head.next_seq().get(), reason }
    }
}

/// Checks that the log goes through the anchor's sequence with the anchor's chain value.
fn passes(anchor: &HeadAnchor, before: &Head, behind: &Head, file: &Path) -> Result<(), LogError> {
    if !misses(&anchor.head, before, behind) {
        return Ok(());
    }
    let anchor_file = file.parent().and_then(Path::parent).map(anchor_path).unwrap_or_default();
    Err(LogError::ForeignCopy {
        file: file.to_owned(),
        seq: anchor.head.seq,
        reason: format!("{} has another chain value for that event", anchor_file.display()),
    })
}

/// Whether a frame from `before` to `behind` reaches `place` and does not end there.
pub(crate) fn misses(place: &Head, before: &Head, behind: &Head) -> bool {
    before.seq < place.seq && place.seq <= behind.seq && behind != place
}

/// Whether a readable frame header of a later event, or a whole valid frame of the next one, lies in these bytes.
fn holds_frames(bytes: &[u8], last_seq: u64) -> bool {
    let magic = |w: &[u8]| w == b"AAfr";
    let starts = bytes.windows(4).enumerate().filter(|(_, w)| magic(w)).map(|(at, _)| &bytes[at..]);
    starts.filter_map(|b| b.first_chunk::<HEADER_LEN>().map(|h| (b, FrameHeader::parse(h)))).any(|(b, header)| {
        match header {
            Ok(h) if h.first_seq > last_seq + 1 => true,
            Ok(h) if h.first_seq == last_seq + 1 => {
                b.get(HEADER_LEN..h.frame_len()).is_some_and(|p| h.check_payload(p, Check::Full).is_ok())
            }
            Ok(_) | Err(FrameError::NotAFrame) => false,
            Err(e) => is_newer(&e),
        }
    })
}
