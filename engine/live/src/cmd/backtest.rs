//! `arena backtest`: a recorded log, as fast as it goes, into a log of its own, and a report.

use super::Global;
use super::run::{first_time, open_feed};
use super::session::Session;
use super::summary::Summary;
use crate::config::Keeping;
use crate::engine::{Ending, Pace};
use crate::exit::{Code, Failure, Outcome};
use clap::Args;
use console::output::{Format, Table};
use console::print;
use console::words::percent;
use eventlog::LogReader;
use projections::State;
use schemas::event::{EstimateSource, Mode};
use schemas::money::{MICRO, mul_div};
use schemas::{Cash, Prob, Rounding};
use std::path::PathBuf;

/// Arguments.
#[derive(Debug, Args)]
pub struct BacktestArgs {
    /// What to trade: a log made by `arena import`, or recorded files together with --format
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    pub recording: Vec<PathBuf>,
    /// What the recorded files are: polymarket-l2, polymarket-tob, l2-csv, binance-futures
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,
    /// The backtest's own log: a new directory, or one that was interrupted
    /// [default: under the data directory, named by recording and configuration]
    #[arg(long, value_name = "DIR")]
    pub log: Option<PathBuf>,
}

/// Runs it.
pub fn run(global: &Global, args: &BacktestArgs) -> Outcome {
    let loaded = global.load()?;
    let (mut feed, name) = open_feed(&args.recording, args.format.as_deref())?;
    let begins = first_time(feed.as_mut())?;
    let config = &loaded.config.core;
    let log = match &args.log {
        Some(dir) => dir.clone(),
        None => {
            let text = config.canonical().map_err(|e| Failure::new(Code::Config, e.to_string()))?;
            let key = blake3::hash(format!("{name}\n{text}").as_bytes()).to_hex();
            global.data_dir(&loaded)?.join("backtests").join(&key.as_str()[..16])
        }
    };
    let complete = eventlog::exists(&log) && super::query::fold(&log)?.run.stopped.is_some_and(|(_, c)| c);
    let ending = if complete {
        Ending::FeedEnded
    } else {
        let (feed, _) = open_feed(&args.recording, args.format.as_deref())?;
        let session = Session {
            global,
            log: &log,
            mode: Mode::Backtest,
            config,
            keeping: &Keeping { min_free_len: 0, ..global.keeping(&loaded, "arena backtest")? },
            feed_name: name,
            begins,
            expected: None,
            pace: Pace::Max,
        };
        session.run(feed)?
    };
    let state = super::query::fold(&log)?;
    let summary = Summary::of("backtest", &state, &log, LogReader::open(&log)?.last()?);
    let report = Report::of(&state);
    if global.format() == Format::Json {
        let mut json = serde_json::to_value(&summary)?;
        if let (Some(all), serde_json::Value::Object(more)) = (json.as_object_mut(), serde_json::to_value(&report)?) {
            all.extend(more);
        }
        return print(&json.to_string());
    }
    print(&summary.page(global))?;
    print(&report.table(&state).render(global.format()))?;
    if let Ending::Stopped(reason) = ending {
        eprintln!("stopped by {reason}; the same command goes on from here");
    }
    Ok(Code::Ok)
}

/// Figures beyond the summary.
#[derive(serde::Serialize)]
struct Report {
    /// Gained or lost, a fraction of the start.
    return_pct: String,
    /// Holdings that made money, a fraction of all.
    win_rate: Option<Prob>,
    /// Won dollars for each lost one.
    profit_factor: Option<String>,
    /// Made on average by a holding, dollars.
    expectancy: Option<Cash>,
    average_win: Option<Cash>,
    average_loss: Option<Cash>,
    best: Cash,
    worst: Cash,
    average_hold_hours: Option<i64>,
    /// Fees for each dollar traded, a fraction.
    fee_drag: Option<Prob>,
    maker_share: Option<Prob>,
    days: usize,
    winning_days: usize,
    /// 1 - ours / market's: above 0 is better than the market.
    brier_skill_pct: Option<String>,
    /// Fewer than 30 resolved events cannot be told from luck.
    small_sample: bool,
    no_decision: std::collections::BTreeMap<String, u64>,
    vetoed_by: std::collections::BTreeMap<String, u64>,
}

impl Report {
    fn of(state: &State) -> Self {
        let p = &state.positions;
        let t = &p.trips;
        let part = |a: u64, b: u64| {
            let ppm =
                mul_div(i64::try_from(a).ok()?, MICRO, i64::try_from(b).ok().filter(|b| *b > 0)?, Rounding::HalfEven);
            Prob::from_ppm(ppm.ok()?)
        };
        let mean = |sum: Cash, n: u64| {
            let n = i64::try_from(n).ok().filter(|n| *n > 0)?;
            mul_div(sum.0, 1, n, Rounding::HalfEven).ok().map(Cash)
        };
        let start = p.put_in();
        let gained = Cash(state.equity.now.0 - start.0);
        let net = Cash(t.gross_win.0 - t.gross_loss.0);
        let record = state.scores.record(EstimateSource::Blend.name());
        let skill = match (record.brier_ppm(), record.market_brier_ppm()) {
            (Some(ours), Some(market)) if market > 0 => {
                let (ours, market) =
                    (i64::try_from(ours).unwrap_or(i64::MAX), i64::try_from(market).unwrap_or(i64::MAX));
                Some(signed_percent(market.saturating_sub(ours), market))
            }
            _ => None,
        };
        let names = |list: Vec<(String, u64)>| list.into_iter().collect();
        Self {
            return_pct: signed_percent(gained.0, start.0),
            win_rate: part(t.wins, t.count),
            profit_factor: (t.gross_loss.0 > 0).then(|| ratio(t.gross_win.0, t.gross_loss.0)),
            expectancy: mean(net, t.count),
            average_win: mean(t.gross_win, t.wins),
            average_loss: mean(t.gross_loss, t.count - t.wins),
            best: t.best,
            worst: t.worst,
            average_hold_hours: i64::try_from(t.count).ok().filter(|n| *n > 0).map(|n| t.held_seconds / n / 3_600),
            fee_drag: part(p.fees.0.unsigned_abs(), p.volume.0.unsigned_abs()),
            maker_share: part(p.maker_fills, p.fills),
            days: state.equity.days.len(),
            winning_days: state.equity.days.iter().filter(|(_, made)| made.0 > 0).count(),
            brier_skill_pct: skill,
            small_sample: p.settled < 30,
            no_decision: names(
                state.decisions.no_decision.iter().map(|(r, n)| (console::words::word(r), *n)).collect(),
            ),
            vetoed_by: names(state.decisions.vetoed_by.iter().map(|(l, n)| (console::words::word(l), *n)).collect()),
        }
    }

    fn table(&self, state: &State) -> Table {
        let mut table = Table::new(&["figure", "value"]);
        let mut row = |name: &str, value: String| table.row(vec![name.to_owned(), value]);
        let dash = || "-".to_owned();
        let money = |c: Option<Cash>| c.map_or_else(dash, |c| format!("{c:+.2}"));
        let share = |p: Option<Prob>| p.map_or_else(dash, percent);
        row("return", self.return_pct.clone());
        row("win rate", share(self.win_rate));
        row("profit factor", self.profit_factor.clone().unwrap_or_else(dash));
        row("expectancy per holding", money(self.expectancy));
        row(
            "average win / loss",
            format!("{} / {}", money(self.average_win), money(self.average_loss.map(|c| Cash(-c.0)))),
        );
        row("best / worst holding", format!("{:+.2} / {:+.2}", self.best, self.worst));
        row("average holding", self.average_hold_hours.map_or_else(dash, |h| format!("{h} h")));
        row("fees per dollar traded", share(self.fee_drag));
        row("maker share of fills", share(self.maker_share));
        row("winning days", format!("{} of {}", self.winning_days, self.days));
        row("Brier skill against the market", self.brier_skill_pct.clone().unwrap_or_else(dash));
        for (name, record) in &state.scores.by_source {
            let score =
                |ppm: Option<u64>| ppm.map_or_else(dash, |v| format!("{:.4}", Cash(i64::try_from(v).unwrap_or(0))));
            row(
                &format!("Brier of {name}"),
                format!(
                    "{} / {} ({} markets)",
                    score(record.brier_ppm()),
                    score(record.market_brier_ppm()),
                    record.markets
                ),
            );
        }
        let list = |m: &std::collections::BTreeMap<String, u64>| {
            m.iter().map(|(k, n)| format!("{k} {n}")).collect::<Vec<_>>().join(", ")
        };
        row("no decision because", list(&self.no_decision));
        row("vetoed by", list(&self.vetoed_by));
        if self.small_sample {
            row("note", "fewer than 30 settled positions: not distinguishable from luck".to_owned());
        }
        table
    }
}

fn signed_percent(part: i64, whole: i64) -> String {
    match mul_div(part, 10_000, whole, Rounding::HalfEven) {
        Ok(hundredths) => format!("{:+.2} %", Cash(hundredths * 10_000)),
        Err(_) => "-".to_owned(),
    }
}

fn ratio(a: i64, b: i64) -> String {
    mul_div(a, MICRO, b, Rounding::HalfEven).map_or_else(|_| "-".to_owned(), |v| format!("{:.2}", Cash(v)))
}
