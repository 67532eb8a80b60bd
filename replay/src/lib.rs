//! Ask the log: is it intact, what is in it, what was the state at a point, does every decision follow, and why was this
//! order placed.
//!
//! Nothing here writes. A log may be read while an engine runs on it; what is asked is answered from the events alone,
//! with the folds, the core and the simulated exchange that the engine itself uses. The binary `replay` is a thin `main`
//! over [`cmd`], one file a command; the commands print what the other modules find out.

pub mod audit;
pub mod cmd;
pub mod describe;
pub mod events;
pub mod fold;
pub mod index;
pub mod limits;
pub mod line;
pub mod out;
pub mod place;
pub mod point;
pub mod story;
