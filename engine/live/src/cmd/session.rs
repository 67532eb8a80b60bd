//! One run from start to end, with what a person sees of it: shared by `demo`, `run` and `backtest`.

use super::Global;
use crate::config::Keeping;
use crate::engine::{ControlServer, Driver, Ending, Engine, Feed, Pace, Progress, Start, View};
use crate::exit::Failure;
use console::output::{banner, plain};
use console::words::word;
use crossbeam::channel::bounded;
use engine_core::Config;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use schemas::UtcNanos;
use schemas::event::Mode;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Commands that may wait for the engine; more wait at the socket.
const COMMANDS_WAITING: usize = 64;

/// What to run.
pub struct Session<'a> {
    /// Shared flags.
    pub global: &'a Global,
    /// Where the log is, or goes.
    pub log: &'a Path,
    /// What is at stake.
    pub mode: Mode,
    /// What decisions depend on.
    pub config: &'a Config,
    /// How the log is kept.
    pub keeping: &'a Keeping,
    /// The feed, in words.
    pub feed_name: String,
    /// When the recording begins.
    pub begins: UtcNanos,
    /// How many market events it holds, if that is known: for the progress bar.
    pub expected: Option<u64>,
    /// How fast.
    pub pace: Pace,
}

impl Session<'_> {
    /// Opens the log, runs the feed through the engine, and shows how it goes.
    pub fn run(self, feed: Box<dyn Feed>) -> Result<Ending, Failure> {
        let start = Start {
            mode: self.mode,
            config: self.config,
            keeping: self.keeping,
            feed: self.feed_name.clone(),
            time: self.begins,
            wallet: String::new(),
        };
        let (engine, report) = Engine::open(self.log, &start, None)?;
        for note in &report.notes {
            self.say(&format!("log repaired: {note}"));
        }
        let before = engine.state().run.feed_events;
        if before > 0 {
            self.say(&format!("going on from event {} at {}", engine.state().seq, engine.now()));
        }
        let (sender, commands) = bounded(COMMANDS_WAITING);
        let _control = ControlServer::start(self.log, sender)
            .map_err(|e| Failure::new(crate::exit::Code::Error, format!("no control socket: {e}")))?;
        let progress = Progress::default();
        let shown = show(self.global, self.mode, "", self.expected, &progress);
        let driver = Driver { engine, log: self.log.to_owned(), commands, pace: self.pace, progress };
        let result = driver.run(feed);
        shown.end();
        Ok(result?)
    }

    fn say(&self, text: &str) {
        if !self.global.quiet {
            eprintln!("{} {}", banner(Some(self.mode), self.global.paint()), plain(text));
        }
    }
}

/// Follows the progress on a thread of its own: a bar and a line of figures on a terminal, now and then a line elsewhere.
///
/// What stops trading, that it goes on, and what is wrong with feed, venue, clock or disk is said in lines that stay.
pub(super) fn show(global: &Global, mode: Mode, more: &str, expected: Option<u64>, progress: &Progress) -> Shown {
    let stop = Arc::new(AtomicBool::new(false));
    if global.quiet {
        return Shown { stop, thread: None };
    }
    let terminal = std::io::stderr().is_terminal();
    let bar = match (terminal, expected) {
        (false, _) => ProgressBar::hidden(),
        (true, Some(n)) => ProgressBar::with_draw_target(Some(n), ProgressDrawTarget::stderr_with_hz(12)),
        (true, None) => ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(12)),
    };
    bar.set_style(style(expected.is_some()));
    let prefix = format!("{}{more}", banner(Some(mode), global.paint()));
    bar.set_prefix(prefix.clone());
    let (progress, flag) = (progress.clone(), Arc::clone(&stop));
    let thread = std::thread::spawn(move || {
        let (mut ticks, mut stopped, mut faults) = (0u32, None, progress.view().faults);
        while !flag.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(80));
            let view = progress.view();
            bar.set_position(view.feed_events);
            bar.set_message(figures(&view));
            let stops = view.stops();
            if stops != stopped {
                let text = stops.as_deref().unwrap_or("trading again");
                bar.suspend(|| eprintln!("{prefix} {}", plain(text)));
                stopped = stops;
            }
            if view.faults != faults {
                let text = view.last_fault.as_deref().unwrap_or_default();
                let more = view.faults.saturating_sub(faults).saturating_sub(1);
                let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
                bar.suspend(|| eprintln!("{prefix} {}{more}", plain(text)));
                faults = view.faults;
            }
            ticks += 1;
            if !terminal && ticks.is_multiple_of(60) {
                eprintln!("{}", figures(&view).replace('\n', "  "));
            }
        }
        bar.finish_and_clear();
    });
    Shown { stop, thread: Some(thread) }
}

/// The running display.
pub(super) struct Shown {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Shown {
    pub(super) fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread {
            // A display that panicked takes nothing with it.
            let _ = thread.join();
        }
    }
}

fn style(known: bool) -> ProgressStyle {
    let template = if known {
        "{prefix} [{bar:40}] {percent:>3} %  {elapsed}\n{msg}"
    } else {
        "{prefix} {spinner} {human_pos} market events  {elapsed}\n{msg}"
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}

/// The live table under the bar.
fn figures(v: &View) -> String {
    let rows = [
        ("time", v.time.to_string()),
        ("equity", format!("{:.2}  (day {:+.2}, held {:+.2})", v.equity, v.today, v.unrealized_pnl)),
        ("realized", format!("{:+.2}  fees {:.2}", v.realized_pnl, v.fees)),
        (
            "trading",
            format!(
                "{} cycles  {} orders  {} fills  {} open  {} positions",
                v.cycles, v.orders, v.fills, v.open_orders, v.positions
            ),
        ),
        ("markets", format!("{}, {} resolved", v.markets, v.resolved_markets)),
        (
            "limits",
            format!(
                "drawdown {:.2} %  kill switch {}",
                schemas::Cash(i64::from(v.max_drawdown.0) * 100),
                word(&v.kill)
            ),
        ),
        ("stopped by", v.stops().as_deref().map_or("nothing".to_owned(), plain)),
    ];
    rows.iter().map(|(name, value)| format!("  {name:<10} {value}")).collect::<Vec<_>>().join("\n")
}

/// A plain spinner for work whose end is not known.
pub fn spinner(global: &Global, what: &'static str) -> ProgressBar {
    if global.quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(12));
    bar.set_style(
        ProgressStyle::with_template("{spinner} {msg} {human_pos} rows")
            .unwrap_or_else(|_| ProgressStyle::default_spinner()),
    );
    bar.set_message(what);
    bar
}
