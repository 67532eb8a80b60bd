//! The process: it wires ports to the core. The binary `arena` is a thin `main` over this library, one file a command.

pub mod cmd;
pub mod config;
pub mod engine;
pub mod exit;
pub mod paths;
