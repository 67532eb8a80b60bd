//! The risk gate: code, and the last word. Every limit is looked at and written down, whether it holds or not.

mod gate;

pub use gate::judge;
