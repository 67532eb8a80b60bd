//! Names on a disk that forgets. A change of a directory is durable once that directory was synced; until then a power
//! cut may take it, and everything that was done to the directory after it.

use super::dice::Dice;
use std::collections::{BTreeMap, BTreeSet};

/// A file or directory, whatever it is called.
pub type Node = usize;
/// The root directory.
pub const ROOT: Node = 0;

/// Every directory with its entries.
pub type Tree = BTreeMap<Node, BTreeMap<String, Node>>;

/// One name in one directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub dir: Node,
    pub name: String,
}

#[derive(Clone, Debug)]
enum Change {
    Add { at: Entry, node: Node },
    Remove { at: Entry },
    Move { from: Entry, to: Entry },
}

impl Change {
    fn dirs(&self) -> [Node; 2] {
        match self {
            Self::Add { at, .. } | Self::Remove { at } => [at.dir, at.dir],
            Self::Move { from, to } => [from.dir, to.dir],
        }
    }

    fn apply(&self, tree: &mut Tree) {
        match self {
            Self::Add { at, node } => drop(tree.entry(at.dir).or_default().insert(at.name.clone(), *node)),
            Self::Remove { at } => drop(tree.entry(at.dir).or_default().remove(&at.name)),
            Self::Move { from, to } => {
                if let Some(node) = tree.entry(from.dir).or_default().remove(&from.name) {
                    tree.entry(to.dir).or_default().insert(to.name.clone(), node);
                }
            }
        }
    }
}

/// What a file system promises about names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// POSIX and no more: only a sync of the directory makes its names durable, each directory for itself.
    Strict,
    /// As ext4 and XFS do it: one journal for all names, and any sync of anything writes it out.
    Journaled,
}

/// What a power cut does to changes that were not made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    Nothing,
    All,
    /// Each directory (or the one journal) loses its changes from some point on; each change is that point with the
    /// rest of this chance, percent.
    Some(u64),
}

/// Names as processes see them, and as the medium has them.
#[derive(Clone, Debug)]
pub struct Directories {
    rules: Names,
    live: Tree,
    durable: Tree,
    pending: Vec<Change>,
}

impl Directories {
    pub fn new(rules: Names) -> Self {
        let tree = Tree::from([(ROOT, BTreeMap::new())]);
        Self { rules, live: tree.clone(), durable: tree, pending: Vec::new() }
    }

    /// Where a path points: the entry, and what is there.
    pub fn find(&self, path: &str) -> (Entry, Option<Node>) {
        let (parents, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut dir = ROOT;
        for part in parents.split('/').filter(|p| !p.is_empty()) {
            dir = *self.live[&dir].get(part).unwrap_or_else(|| panic!("{path}: {part} was never made"));
        }
        if name.is_empty() {
            return (Entry { dir, name: String::new() }, Some(ROOT));
        }
        let node = self.live.get(&dir).and_then(|entries| entries.get(name)).copied();
        (Entry { dir, name: name.to_owned() }, node)
    }

    pub fn add(&mut self, at: Entry, node: Node) {
        self.change(Change::Add { at, node });
    }

    pub fn add_dir(&mut self, at: Entry, node: Node) {
        self.live.insert(node, BTreeMap::new());
        self.durable.insert(node, BTreeMap::new());
        self.add(at, node);
    }

    pub fn remove(&mut self, at: Entry) {
        self.change(Change::Remove { at });
    }

    pub fn rename(&mut self, from: Entry, to: Entry) {
        if from != to {
            self.change(Change::Move { from, to });
        }
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.live);
        self.pending.push(change);
    }

    /// Makes everything durable: what was there before the trace began.
    pub fn settle(&mut self) {
        self.durable.clone_from(&self.live);
        self.pending.clear();
    }

    /// A directory was synced: its changes are durable, and whatever in other directories came before them.
    pub fn sync_dir(&mut self, dir: Node) {
        if self.rules == Names::Journaled {
            return self.settle();
        }
        let mut needed = BTreeSet::from([dir]);
        let mut stays = Vec::new();
        let mut goes = Vec::new();
        for change in std::mem::take(&mut self.pending).into_iter().rev() {
            if change.dirs().iter().any(|d| needed.contains(d)) {
                needed.extend(change.dirs());
                goes.push(change);
            } else {
                stays.push(change);
            }
        }
        goes.iter().rev().for_each(|change| change.apply(&mut self.durable));
        self.pending = stays.into_iter().rev().collect();
    }

    /// A file was synced.
    pub fn sync_file(&mut self) {
        if self.rules == Names::Journaled {
            self.settle();
        }
    }

    /// The names that a power cut leaves.
    pub fn survivors(&self, keep: Keep, dice: &mut Dice) -> Tree {
        let percent = match keep {
            Keep::Nothing => 0,
            Keep::All => 100,
            Keep::Some(percent) => percent,
        };
        let (mut tree, mut over) = (self.durable.clone(), BTreeSet::new());
        for change in &self.pending {
            let dirs = if self.rules == Names::Journaled { [ROOT, ROOT] } else { change.dirs() };
            if dirs.iter().any(|d| over.contains(d)) || !dice.chance(percent) {
                over.extend(dirs);
            } else {
                change.apply(&mut tree);
            }
        }
        tree
    }
}
