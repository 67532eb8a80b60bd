//! `replay show`: the events themselves.

use super::{Global, LogArgs};
use crate::fold;
use crate::index::{Index, MarketWanted};
use crate::line::{Columns, Line};
use crate::out::Out;
use crate::point::Moment;
use crate::story;
use clap::Args;
use console::exit::{Code, Failure, Outcome};
use console::output::{Format, Table};
use eventlog::LogReader;
use schemas::frame::Check;
use schemas::{CycleId, Envelope, EventKind, OrderId, Seq, UtcNanos};
use std::time::Duration;

/// How often a running log is looked at.
const POLL: Duration = Duration::from_millis(200);

/// Arguments.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Which log.
    #[command(flatten)]
    pub log: LogArgs,
    /// Only this kind of event, such as order_intended; repeat for more
    #[arg(long, value_name = "KIND")]
    pub kind: Vec<String>,
    /// Only this market: its number, or a text in its slug or question
    #[arg(long, value_name = "MARKET")]
    pub market: Option<MarketWanted>,
    /// Only from this time on: RFC 3339, or -2h before the log's end (also s, m, d)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub since: Option<Moment>,
    /// Only up to this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub until: Option<Moment>,
    /// Only from this sequence on
    #[arg(long, value_name = "SEQ")]
    pub from: Option<u64>,
    /// Only up to this sequence
    #[arg(long, value_name = "SEQ")]
    pub to: Option<u64>,
    /// Only this decision cycle and its order
    #[arg(long, value_name = "N")]
    pub cycle: Option<u32>,
    /// Only this order and the cycle that decided it
    #[arg(long, value_name = "N")]
    pub order: Option<u32>,
    /// No more events than this
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
    /// Keep reading as the log grows
    #[arg(long)]
    pub follow: bool,
}

/// Which events are wanted.
struct Filter<'a> {
    kinds: u64,
    market: Option<&'a MarketWanted>,
    from: u64,
    to: u64,
    until: UtcNanos,
    cycle: Option<CycleId>,
    order: Option<(OrderId, Option<CycleId>)>,
    limit: u64,
}

/// Runs it.
pub fn run(global: &Global, args: &ShowArgs, out: &mut Out<'_>) -> Outcome {
    let reader = crate::events::open(&args.log.dir()?)?;
    let filter = Filter::of(args, &reader)?;
    let mut printer = Printer { format: global.format(), shown: 0 };
    let before = fold::newest(&reader, filter.from.saturating_sub(1))?;
    let mut index = Index::of(&before.state);
    let begin = before.state.last_seq().map_or(Seq::FIRST, Seq::next);
    drop(before);
    let mut stream = reader.events(begin, Check::Crc)?;
    let mut events = Vec::new();
    'reading: loop {
        while stream.next_frame(&mut events)? {
            for envelope in &events {
                index.note(envelope);
                if filter.is_over(envelope) || printer.shown >= filter.limit || out.gone() {
                    break 'reading;
                }
                if filter.wants(envelope, &index) {
                    printer.print(envelope, &index, out)?;
                }
            }
        }
        if !args.follow || printer.shown >= filter.limit {
            break;
        }
        out.flush()?;
        std::thread::sleep(POLL);
    }
    filter.nothing_meant(&index)?;
    Ok(Code::Ok)
}

impl<'a> Filter<'a> {
    fn of(args: &'a ShowArgs, reader: &LogReader) -> Result<Self, Failure> {
        let since = match &args.since {
            None => 1,
            // Nothing at or after it yet: whatever comes next will be.
            Some(moment) => match reader.seek_time(moment.resolve(reader)?)? {
                Some(seq) => seq.get(),
                None => reader.last()?.next_seq().get(),
            },
        };
        let until = args.until.map_or(Ok(UtcNanos(i64::MAX)), |m| m.resolve(reader))?;
        let order = match args.order.map(OrderId) {
            None => None,
            Some(order) => match story::cycle_of(reader, order)? {
                Some(cycle) => Some((order, Some(cycle).filter(|c| c.0 != 0))),
                None => return Err(story::no_such("order", order.0)),
            },
        };
        Ok(Self {
            kinds: kinds(&args.kind)?,
            market: args.market.as_ref(),
            from: args.from.unwrap_or(1).max(since),
            to: args.to.unwrap_or(u64::MAX),
            until,
            cycle: args.cycle.map(CycleId),
            order,
            limit: args.limit.unwrap_or(u64::MAX),
        })
    }

    /// Nothing behind this event is wanted.
    fn is_over(&self, envelope: &Envelope) -> bool {
        envelope.seq.get() > self.to || envelope.time > self.until
    }

    fn wants(&self, envelope: &Envelope, index: &Index) -> bool {
        let event = &envelope.event;
        let of_cycle = |cycle: CycleId| {
            envelope.cycle == Some(cycle)
                || event.order().and_then(|o| index.order(o)).is_some_and(|placed| placed.cycle == cycle)
        };
        envelope.seq.get() >= self.from
            && self.kinds & event.kind().bit() != 0
            && self.cycle.is_none_or(of_cycle)
            && self.order.is_none_or(|(order, cycle)| event.order() == Some(order) || cycle.is_some_and(of_cycle))
            && self.market.is_none_or(|wanted| index.market_of(event).is_some_and(|m| index.is_wanted(m, wanted)))
    }

    /// A market that the log does not have is a mistake, not an empty answer.
    fn nothing_meant(&self, index: &Index) -> Result<(), Failure> {
        match self.market {
            Some(wanted) if index.wanted(wanted).next().is_none() => {
                Err(Failure::new(Code::Usage, format!("no market {wanted} is listed so far"))
                    .next("`replay show LOG --kind market_listed` lists them"))
            }
            _ => Ok(()),
        }
    }
}

/// The wanted kinds as a bitmap; all if none is named.
fn kinds(names: &[String]) -> Result<u64, Failure> {
    let mut bits = if names.is_empty() { u64::MAX } else { 0 };
    for name in names {
        let kind = name.parse::<EventKind>();
        bits |= kind.map_err(|e| Failure::new(Code::Usage, e.to_string()).next(known()))?.bit();
    }
    Ok(bits)
}

fn known() -> String {
    let names: Vec<&str> = EventKind::ALL.iter().map(|k| k.name()).collect();
    format!("name one of {}", names.join(", "))
}

/// Writes events in the wanted format.
struct Printer {
    format: Format,
    shown: u64,
}

impl Printer {
    fn print(&mut self, envelope: &Envelope, index: &Index, out: &mut Out<'_>) -> Result<(), Failure> {
        self.shown += 1;
        match self.format {
            Format::Json => out.line(&serde_json::to_string(&Line::of(envelope, index))?),
            Format::Table => out.line(&Columns::of(envelope, index).aligned()),
            Format::Csv => self.row(envelope, index, 1, out),
            Format::Markdown => self.row(envelope, index, 2, out),
        }
    }

    /// A row of a table that is written as it comes: its `head` lines only before the first.
    fn row(&self, envelope: &Envelope, index: &Index, head: usize, out: &mut Out<'_>) -> Result<(), Failure> {
        let mut t = Table::new(&Columns::NAMES).numbers(&["seq", "market", "cycle", "cause"]);
        t.row(Columns::of(envelope, index).cells());
        let rendered = t.render(self.format);
        let skipped = if self.shown == 1 { 0 } else { head };
        rendered.lines().skip(skipped).try_for_each(|line| out.line(line))
    }
}
