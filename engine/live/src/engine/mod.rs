//! The one way through the house, for every mode: an input becomes an event in the log, the state takes it, the core
//! decides, what it decides becomes events too, and only what is durable reaches a port.

mod cash;
mod control;
mod driver;
mod feed;
mod live;
mod live_driver;
mod port;
mod restore;
mod space;
mod step;
mod view;

pub(crate) use cash::move_cash;
pub use cash::{CashMove, MoveRefused, Moved};
pub use control::{Command, ControlError, ControlServer, Request, Response, ask};
pub(crate) use control::{cancel_open, command_time, operator};
pub use driver::{Driver, Ending, KILL_DEFAULT, Pace, Progress, RunError};
pub use feed::{Feed, FeedError, LogFeed, RecordingFeed, Timed};
pub use live::Polymarket;
pub use live_driver::{Clock, LiveDriver, WallClock};
pub use port::{Heard, Venue};
pub use restore::{RestoreError, restore};
pub(crate) use space::free_bytes;
pub use step::{Engine, EngineError, Start};
pub use view::View;
