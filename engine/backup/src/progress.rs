//! How far a long command is, for whoever shows it.

/// Is told what is being done, and how much of it is done.
pub trait Progress {
    /// A new piece of work begins; `bytes` is its size, 0 if it is not known.
    fn begin(&mut self, what: &str, bytes: u64);
    /// So many bytes more are done.
    fn advance(&mut self, bytes: u64);
}

/// Shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&mut self, _: &str, _: u64) {}
    fn advance(&mut self, _: u64) {}
}
