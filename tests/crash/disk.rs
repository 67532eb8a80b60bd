//! A disk with a volatile cache: it takes the effects of a trace, and says what could be on it after a power cut.

use super::dice::Dice;
use super::names::{Directories, Keep, Names, Node, ROOT, Tree};
use super::pages::{Data, Pages};
use super::trace::Op;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const KEEP_SIZE: i32 = 1;
const PUNCH_HOLE: i32 = 2;
const ZERO_RANGE: i32 = 16;
/// The shim's class of syncs.
const CLASS_SYNC: u64 = 2;

/// What a power cut takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    pub data: Data,
    pub names: Keep,
}

impl Loss {
    /// The end of a process: nothing is lost.
    pub const NONE: Self = Self { data: Data::Kept, names: Keep::All };
    /// Everything that may be lost.
    pub const ALL: Self = Self { data: Data::Dropped, names: Keep::Nothing };

    pub fn draw(dice: &mut Dice) -> Self {
        let data = match dice.below(100) {
            0..25 => Data::Dropped,
            25..75 => Data::Random,
            75..90 => Data::TornEnd,
            _ => Data::Kept,
        };
        let names = match dice.below(100) {
            0..30 => Keep::Nothing,
            30..45 => Keep::Some(50),
            45..60 => Keep::Some(85),
            60..75 => Keep::Some(97),
            _ => Keep::All,
        };
        Self { data, names }
    }
}

/// The disk.
#[derive(Clone, Debug)]
pub struct Disk {
    directories: Directories,
    files: BTreeMap<Node, Pages>,
    open: BTreeMap<i32, Node>,
    next: Node,
    /// What a failed sync does to the pages it should have written.
    failed: Data,
    dice: Dice,
}

impl Disk {
    pub fn new(rules: Names, dice: Dice) -> Self {
        Self {
            directories: Directories::new(rules),
            files: BTreeMap::new(),
            open: BTreeMap::new(),
            next: ROOT + 1,
            failed: Data::Random,
            dice,
        }
    }

    /// A disk on which all of this is safe.
    pub fn holding(image: &Image, rules: Names, dice: Dice) -> Self {
        let mut disk = Self::new(rules, dice);
        for dir in &image.dirs {
            disk.apply(&Op::Mkdir { path: dir.to_str().unwrap() });
        }
        for (path, bytes) in &image.files {
            let (at, node) = (disk.directories.find(path.to_str().unwrap()).0, disk.fresh());
            disk.files.insert(node, Pages::durable(bytes.clone()));
            disk.directories.add(at, node);
        }
        disk.directories.settle();
        disk
    }

    fn fresh(&mut self) -> Node {
        self.next += 1;
        self.next - 1
    }

    fn file(&mut self, fd: i32) -> &mut Pages {
        let node = self.open.get(&fd).unwrap_or_else(|| panic!("descriptor {fd} was never opened"));
        self.files.get_mut(node).unwrap_or_else(|| panic!("descriptor {fd} is a directory"))
    }

    /// Takes one effect.
    pub fn apply(&mut self, op: &Op<'_>) {
        match *op {
            Op::Start | Op::Mark(_) | Op::Range { .. } => {}
            Op::Open { fd, create, truncate, path } => self.open(fd, create, truncate, path),
            Op::Close { fd } => drop(self.open.remove(&fd)),
            Op::Dup { fd, new_fd } => {
                let node = self.open[&fd];
                self.open.insert(new_fd, node);
            }
            Op::Write { fd, at, bytes } => self.file(fd).write(at as usize, bytes),
            Op::SetLen { fd, len } => self.file(fd).set_len(len as usize),
            Op::Allocate { fd, at, len, mode } => {
                let zero = mode & (PUNCH_HOLE | ZERO_RANGE) != 0;
                self.file(fd).allocate(at as usize, len as usize, mode & KEEP_SIZE != 0, zero);
            }
            Op::Sync { fd } => self.sync(fd),
            Op::Rename { from, to } => {
                let (from, to) = (self.directories.find(from).0, self.directories.find(to).0);
                self.directories.rename(from, to);
            }
            Op::Link { from, to } => {
                let (node, to) = (self.directories.find(from).1.unwrap(), self.directories.find(to).0);
                self.directories.add(to, node);
            }
            Op::Unlink { path } | Op::Rmdir { path } => {
                let at = self.directories.find(path).0;
                self.directories.remove(at);
            }
            Op::Mkdir { path } => {
                let (at, node) = (self.directories.find(path).0, self.fresh());
                self.directories.add_dir(at, node);
            }
            Op::Fault { fd, class, errno, .. } => {
                if class == CLASS_SYNC
                    && errno != 0
                    && let Some(file) = self.open.get(&fd).and_then(|node| self.files.get_mut(node))
                {
                    file.lose(self.failed, &mut self.dice);
                }
            }
        }
    }

    fn open(&mut self, fd: i32, create: bool, truncate: bool, path: &str) {
        let (at, found) = self.directories.find(path);
        let node = found.unwrap_or_else(|| {
            assert!(create, "{path} was opened but never made: the trace has a gap");
            let node = self.fresh();
            self.files.insert(node, Pages::default());
            self.directories.add(at, node);
            node
        });
        if truncate && let Some(file) = self.files.get_mut(&node) {
            file.set_len(0);
        }
        self.open.insert(fd, node);
    }

    fn sync(&mut self, fd: i32) {
        let node = self.open[&fd];
        match self.files.get_mut(&node) {
            Some(file) => {
                file.sync();
                self.directories.sync_file();
            }
            None => self.directories.sync_dir(node),
        }
    }

    /// The process that used it ended; a sync of its files is still owed.
    pub fn left(mut self) -> Self {
        self.open.clear();
        self
    }

    /// With other dice from now on.
    pub fn with(mut self, dice: Dice) -> Self {
        self.dice = dice;
        self
    }

    /// What failed syncs from now on do to the pages they should have written.
    pub fn failing(mut self, failed: Data) -> Self {
        self.failed = failed;
        self
    }

    /// What is on the disk after a power cut now.
    pub fn cut(mut self, loss: Loss) -> Image {
        let tree = self.directories.survivors(loss.names, &mut self.dice);
        let mut image = Image::default();
        self.gather(&tree, ROOT, Path::new(""), loss.data, &mut image);
        image
    }

    fn gather(&mut self, tree: &Tree, dir: Node, path: &Path, data: Data, image: &mut Image) {
        let Some(entries) = tree.get(&dir) else { return };
        for (name, node) in entries {
            let path = path.join(name);
            if let Some(file) = self.files.get(node) {
                image.files.insert(path, file.survivor(data, &mut self.dice));
            } else {
                image.dirs.push(path.clone());
                self.gather(tree, *node, &path, data, image);
            }
        }
    }
}

/// The content of a disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// Parents before children.
    dirs: Vec<PathBuf>,
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Image {
    /// Makes `root`, which must not exist, what the disk is.
    pub fn write(&self, root: &Path) {
        fs::create_dir(root).unwrap();
        for dir in &self.dirs {
            fs::create_dir(root.join(dir)).unwrap();
        }
        for (path, bytes) in &self.files {
            fs::write(root.join(path), bytes).unwrap();
        }
    }

    /// What really lies below `root`.
    pub fn read(root: &Path) -> Self {
        let mut image = Self::default();
        image.gather(root, Path::new(""));
        image
    }

    fn gather(&mut self, root: &Path, below: &Path) {
        for entry in fs::read_dir(root.join(below)).unwrap() {
            let entry = entry.unwrap();
            let path = below.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                self.dirs.push(path.clone());
                self.gather(root, &path);
            } else {
                self.files.insert(path, fs::read(entry.path()).unwrap());
            }
        }
    }

    pub fn file(&self, path: &str) -> Option<&[u8]> {
        self.files.get(Path::new(path)).map(Vec::as_slice)
    }

    /// The first path at which two disks differ.
    pub fn difference(&self, other: &Self) -> Option<PathBuf> {
        let paths = self.files.keys().chain(other.files.keys());
        let files = paths.into_iter().find(|path| self.files.get(*path) != other.files.get(*path)).cloned();
        let dirs = || self.dirs.iter().chain(&other.dirs).find(|d| self.dirs.contains(d) != other.dirs.contains(d));
        files.or_else(|| dirs().cloned())
    }
}
