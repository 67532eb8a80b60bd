//! The core as a story: an event goes in, and what must follow is held against what follows.

mod chain;
mod entries;
mod exits;
mod floor;
mod gate;
mod kill;
mod market;
mod properties;
mod restarts;
mod settings;
mod unknown;
