//! The venue as its clients see it: stories without sockets.

mod accounts;
mod bot;
mod faults;
mod lists;
mod orders;
mod refusals;
mod simulation;
mod sockets;
mod trades;
mod wallet;
