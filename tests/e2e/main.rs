//! The commands as a person uses them: real processes, real files, real signals.

mod bad_input;
mod command;
mod damage;
mod demo;
mod import;
mod interrupted;
mod kill_switch;
