//! Every order of ours: what was intended, what the venue did, and what is reserved for what is not yet known.

use crate::Projection;
use crate::health::Health;
use schemas::event::{FillBooked, OrderEvent, OrderIntended, OrderPlan, Purpose, TradeKey};
use schemas::money::mul_div;
use schemas::{Bytes32, Cash, CycleId, Envelope, Event, MarketId, OrderId, Rounding, Side, Size, TokenId, UtcNanos};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// How far an order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Durable in the log; the venue's answer has not come.
    Intended,
    /// The venue has it.
    Live,
    /// Sent, and nobody knows what became of it. Keeps its reservation.
    Unknown,
    /// Filled in full.
    Filled,
    /// Refused by the venue.
    Rejected,
    /// Stands no more; may have been filled in part.
    Cancelled,
    /// Its time ran out; may have been filled in part.
    Expired,
}

impl OrderStatus {
    /// No fill of a new trade is expected any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Filled | Self::Rejected | Self::Cancelled | Self::Expired)
    }
}

/// One fill of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderFill {
    /// Which trade.
    pub trade: TradeKey,
    /// How much.
    pub size: Size,
    /// Its fee.
    pub fee: Cash,
}

/// One order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Our number.
    pub id: OrderId,
    /// The market.
    pub market: MarketId,
    /// The cycle that decided it.
    pub cycle: CycleId,
    /// What was ordered.
    pub plan: OrderPlan,
    /// The venue's id.
    pub hash: Bytes32,
    /// How far it has come.
    pub status: OrderStatus,
    /// What can be lost with the whole of it.
    pub worst_case_loss: Cash,
    /// How much is filled.
    pub filled: Size,
    /// The fills that stand.
    pub fills: Vec<OrderFill>,
    /// Fills that were voided: what they had matched is gone at the venue too.
    pub voided: Vec<OrderFill>,
    /// When it was intended.
    pub intended_at: UtcNanos,
    /// When it last changed.
    pub updated_at: UtcNanos,
    /// How often it was sent.
    pub attempts: u16,
    /// A cancel is on its way.
    pub cancelling: bool,
    /// The venue's words, if it refused.
    pub refusal: Option<String>,
}

impl Order {
    /// What may still fill: neither filled nor lost in a match that was voided.
    pub fn remaining(&self) -> Size {
        self.voided.iter().fold(self.plan.size.less(self.filled), |left, fill| left.less(fill.size))
    }

    /// What fills were reported of, those that were voided too.
    pub fn reported(&self) -> Size {
        self.voided.iter().fold(self.filled, |sum, fill| sum.plus(fill.size).unwrap_or(sum))
    }

    /// Whether an order of unknown fate is not worth sending again to a venue: its time is over, or it would buy at prices
    /// of long ago.
    pub fn is_stale(&self, now: UtcNanos) -> bool {
        let over = self.plan.expires.0 > 0 && now >= self.plan.expires;
        let taking = self.plan.tif.takes_at_once() && self.plan.purpose == Purpose::Entry;
        over || (taking && now >= self.intended_at.plus_secs(TAKING_FRESH_S))
    }

    /// Whether a fill has been reported before, whatever became of it.
    fn knows(&self, trade: TradeKey) -> bool {
        self.fills.iter().chain(&self.voided).any(|f| f.trade == trade)
    }

    /// Cash that what is not filled may still cost: nothing for sales and for orders at their end.
    pub fn reserved(&self) -> Cash {
        if self.status.is_final() || self.plan.action.side == Side::Sell || self.plan.size.0 <= 0 {
            return Cash::ZERO;
        }
        // The share of a checked whole fits whatever the whole fits.
        mul_div(self.worst_case_loss.0, self.remaining().0, self.plan.size.0, Rounding::Ceil)
            .map_or(self.worst_case_loss, Cash)
    }
}

/// A purchase that takes what is there was decided for the prices of its moment: s, until it is not sent again.
const TAKING_FRESH_S: u64 = 20;

/// How many closed orders stay at hand, for late confirmations and for showing.
const CLOSED_MAX: usize = 1_024;

/// All orders: the open ones, and the most recent closed ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orders {
    open: BTreeMap<OrderId, Order>,
    closed: VecDeque<Order>,
    last: OrderId,
    /// Orders intended.
    pub intended: u64,
    /// Orders the venue refused.
    pub rejected: u64,
    /// Orders cancelled.
    pub cancelled: u64,
    /// Orders expired.
    pub expired: u64,
    /// Orders filled in full.
    pub filled: u64,
    /// Fills booked, voided ones included.
    pub fills: u64,
    /// Fills voided.
    pub voided: u64,
    /// Orders that were ever unknown.
    pub unknown: u64,
}

impl Orders {
    /// The number the next order gets.
    pub fn next_id(&self) -> OrderId {
        OrderId(self.last.0.saturating_add(1))
    }

    /// An order, open or recently closed.
    pub fn get(&self, id: OrderId) -> Option<&Order> {
        self.open.get(&id).or_else(|| self.closed.iter().rev().find(|o| o.id == id))
    }

    /// Orders that may still fill, by number.
    pub fn open(&self) -> impl Iterator<Item = &Order> {
        self.open.values()
    }

    /// Whether none may still fill.
    pub fn none_open(&self) -> bool {
        self.open.is_empty()
    }

    /// Recently closed orders, oldest first.
    pub fn closed(&self) -> impl DoubleEndedIterator<Item = &Order> {
        self.closed.iter()
    }

    /// Open orders of a market.
    pub fn open_in(&self, market: MarketId) -> impl Iterator<Item = &Order> {
        self.open.values().filter(move |o| o.market == market)
    }

    /// Whether a fill has been reported before. Venues report one again at each step to its settlement, and after a
    /// reconnect: only the first report counts.
    pub fn knows_fill(&self, fill: &FillBooked) -> bool {
        self.get(fill.order).is_some_and(|o| o.knows(fill.trade))
    }

    /// Cash that all open orders may still cost.
    pub fn reserved(&self) -> Cash {
        self.open.values().map(Order::reserved).fold(Cash::ZERO, |a, b| a.plus(b).unwrap_or(Cash(i64::MAX)))
    }

    /// Shares of a token that open sales may still take.
    pub fn selling(&self, token: TokenId) -> Size {
        let shares = self.open.values().filter(|o| o.plan.action.token == token && o.plan.action.side == Side::Sell);
        shares.fold(Size::ZERO, |sum, o| sum.plus(o.remaining()).unwrap_or(Size(i64::MAX)))
    }

    fn intend(&mut self, envelope: &Envelope, intent: &OrderIntended) {
        self.last = self.last.max(intent.order);
        self.intended += 1;
        let order = Order {
            id: intent.order,
            market: intent.market,
            cycle: envelope.cycle.unwrap_or_default(),
            plan: intent.plan,
            hash: intent.hash,
            status: OrderStatus::Intended,
            worst_case_loss: intent.worst_case_loss,
            filled: Size::ZERO,
            fills: Vec::new(),
            voided: Vec::new(),
            intended_at: envelope.time,
            updated_at: envelope.time,
            attempts: 1,
            cancelling: false,
            refusal: None,
        };
        self.open.insert(intent.order, order);
    }

    fn find(&mut self, id: OrderId) -> Option<&mut Order> {
        if self.open.contains_key(&id) {
            return self.open.get_mut(&id);
        }
        self.closed.iter_mut().rev().find(|o| o.id == id)
    }

    fn finish(&mut self, id: OrderId, status: OrderStatus, time: UtcNanos) -> bool {
        let Some(mut order) = self.open.remove(&id) else { return false };
        order.status = status;
        order.updated_at = time;
        order.cancelling = false;
        match status {
            OrderStatus::Filled => self.filled += 1,
            OrderStatus::Rejected => self.rejected += 1,
            OrderStatus::Cancelled => self.cancelled += 1,
            OrderStatus::Expired => self.expired += 1,
            OrderStatus::Intended | OrderStatus::Live | OrderStatus::Unknown => {}
        }
        self.closed.push_back(order);
        while self.closed.len() > CLOSED_MAX {
            self.closed.pop_front();
        }
        true
    }

    fn book(&mut self, fill: &FillBooked, time: UtcNanos) -> bool {
        let Some(order) = self.find(fill.order) else { return false };
        if order.knows(fill.trade) {
            return true;
        }
        if fill.size.0 <= 0 {
            return false;
        }
        order.fills.push(OrderFill { trade: fill.trade, size: fill.size, fee: fill.fee });
        order.filled = order.filled.plus(fill.size).unwrap_or(order.plan.size);
        order.updated_at = time;
        if matches!(order.status, OrderStatus::Intended | OrderStatus::Unknown) {
            order.status = OrderStatus::Live; // A fill proves that the venue has it.
        }
        let (id, done) = (order.id, order.remaining() == Size::ZERO);
        self.fills += 1;
        if done {
            self.finish(id, OrderStatus::Filled, time);
        }
        true
    }

    fn void(&mut self, id: OrderId, trade: TradeKey) -> bool {
        let Some(order) = self.find(id) else { return false };
        let Some(i) = order.fills.iter().position(|f| f.trade == trade) else { return false };
        let fill = order.fills.remove(i);
        order.filled = order.filled.less(fill.size);
        order.voided.push(fill);
        self.voided += 1;
        true
    }

    fn take(&mut self, envelope: &Envelope, event: &OrderEvent) -> bool {
        let time = envelope.time;
        match event {
            OrderEvent::Intended(intent) => self.intend(envelope, intent),
            OrderEvent::Accepted { order } => {
                let Some(o) = self.find(*order) else { return false };
                if matches!(o.status, OrderStatus::Intended | OrderStatus::Unknown) {
                    o.status = OrderStatus::Live;
                    o.updated_at = time;
                }
            }
            OrderEvent::Rejected { order, reason } => {
                let Some(o) = self.find(*order) else { return false };
                o.refusal = Some(reason.clone());
                return self.finish(*order, OrderStatus::Rejected, time);
            }
            OrderEvent::Unknown { order, .. } => {
                let Some(o) = self.find(*order) else { return false };
                if o.status == OrderStatus::Intended {
                    o.status = OrderStatus::Unknown;
                    o.updated_at = time;
                    self.unknown += 1;
                }
            }
            OrderEvent::ResendIntended { order, attempt } => {
                let Some(o) = self.find(*order) else { return false };
                o.attempts = *attempt;
                o.updated_at = time;
            }
            OrderEvent::FillBooked(fill) => return self.book(fill, time),
            OrderEvent::FillVoided { order, trade, .. } => return self.void(*order, *trade),
            OrderEvent::CancelIntended { order, .. } => {
                let Some(o) = self.find(*order) else { return false };
                o.cancelling = true;
            }
            OrderEvent::Cancelled { order, .. } => return self.finish(*order, OrderStatus::Cancelled, time),
            OrderEvent::Expired { order } => return self.finish(*order, OrderStatus::Expired, time),
            OrderEvent::FillConfirmed { .. } | OrderEvent::PositionSettled(_) => {}
        }
        true
    }
}

impl Projection for Orders {
    const NAME: &'static str = "orders";
    type Reads<'a> = &'a mut Health;

    #[inline]
    fn apply(&mut self, envelope: &Envelope, health: &mut Health) {
        if let Event::Order(event) = &envelope.event
            && !self.take(envelope, event)
        {
            health.anomaly(envelope, "no such order, or not in that state");
        }
    }
}
