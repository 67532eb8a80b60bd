//! What the agents decide, stage by stage: estimate, proposal, verdict, plan. Probabilities are millionths; nothing
//! here is a float, so that every decision can be recomputed to the bit.

use crate::ids::{CycleId, MarketId, OrderId, TokenId};
use crate::money::{Cash, Price, Prob, Side, Size};
use crate::time::UtcNanos;

/// What an exit is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitReason {
    /// The profit target was reached.
    Target,
    /// The stop was reached.
    Stop,
    /// Held longer than allowed.
    Time,
    /// The estimate no longer justifies holding.
    EdgeGone,
    /// The kill switch flattens.
    Flatten,
}

/// Why a decision cycle started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CycleTrigger {
    /// The market is due for a look.
    Interval,
    /// The price moved far since the last look.
    PriceMove,
    /// A position must be closed; no research is asked.
    Exit(ExitReason),
}

/// Who made an estimate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EstimateSource {
    /// A statistical forecaster inside the core, by name and version.
    Offline(String),
    /// A model's reply.
    Model {
        /// Vendor and model.
        model: String,
        /// The call that was answered.
        call: u32,
    },
    /// The coordinator: all estimates of the cycle, combined with the market's own price.
    Blend,
}

impl EstimateSource {
    /// The name that scores are kept under.
    pub fn name(&self) -> &str {
        match self {
            Self::Offline(name) => name,
            Self::Model { model, .. } => model,
            Self::Blend => "blend",
        }
    }
}

/// How sure a forecaster says it is. Never used for size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Little to go on.
    Low,
    /// Some evidence.
    Medium,
    /// Strong evidence.
    High,
}

/// What a piece of evidence speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// For YES.
    For,
    /// Against YES.
    Against,
    /// Neither.
    Neutral,
}

/// How much a piece of evidence weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// A hint.
    Weak,
    /// Worth something.
    Moderate,
    /// Hard to explain otherwise.
    Strong,
}

/// One piece of evidence behind an estimate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Evidence {
    /// Where it is from: a document id, or the name of an indicator.
    pub source: String,
    /// What it says. Untrusted text when a model wrote it.
    pub claim: String,
    /// What it speaks for.
    pub direction: Direction,
    /// How much it weighs.
    pub strength: Strength,
}

/// `research_estimate/1`: what a forecaster believes about a market, before it is combined with anything.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct ResearchEstimate {
    /// The market.
    pub market: MarketId,
    /// Who says so.
    pub source: EstimateSource,
    /// The outside view: what this kind of question resolves to.
    pub base_rate: Prob,
    /// Chance of YES.
    pub probability: Prob,
    /// Lower end of the 80 % interval.
    pub low: Prob,
    /// Upper end of the 80 % interval.
    pub high: Prob,
    /// How sure.
    pub confidence: Confidence,
    /// How likely the resolution itself surprises.
    pub resolution_risk: Confidence,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// In words. Untrusted text when a model wrote it.
    pub rationale: String,
    /// The forecaster declines to say; the numbers then mean nothing.
    pub abstain: bool,
    /// The forecaster suspects that its input tried to instruct it.
    pub injection_suspected: bool,
    /// The market's own probability at the same moment: what scores compare with.
    pub market_price: Prob,
}

/// Buy or sell, and which token: there are no short positions, only the other outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Action {
    /// Which token.
    pub token: TokenId,
    /// Which way.
    pub side: Side,
}

/// What an order is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Takes on risk.
    Entry,
    /// Gives up risk.
    Exit(ExitReason),
}

/// How an order means to trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// Rests on the book, pays no fee.
    Maker,
    /// Takes what rests, pays the fee.
    Taker,
}

/// What the agents want to do, before the gate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Proposal {
    /// The market.
    pub market: MarketId,
    /// What to do.
    pub action: Action,
    /// Why.
    pub purpose: Purpose,
    /// How.
    pub style: Style,
    /// The aggregate of the estimates, chance of YES.
    pub estimate: Prob,
    /// The market's own probability of YES.
    pub market_price: Prob,
    /// Estimate and market combined: the chance of YES that sizing uses.
    pub blended: Prob,
    /// Limit price of the token.
    pub price: Price,
    /// What a share costs with fees (for an exit: what it brings).
    pub cost: Price,
    /// Blended chance of the token less cost; negative is a loss.
    pub edge: Price,
    /// Wanted size, after Kelly and caps.
    pub size: Size,
    /// The full-Kelly fraction of equity, millionths, before the fraction is applied.
    pub kelly_ppm: u32,
    /// The confidence of the aggregate.
    pub confidence: Confidence,
}

/// A limit of the gate. The unit of a check's numbers is in the comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Kill switch level (0 = off; below: off, and something else stops trading).
    KillSwitch,
    /// 1 = open.
    MarketStatus,
    /// Age of the newest data, ms.
    StaleData,
    /// Spread, micro-dollars.
    Spread,
    /// Limit price, micro-dollars, within the allowed band.
    PriceBand,
    /// Price modulo the tick, micro-dollars.
    TickGrid,
    /// Size, micro-shares, against the venue's minimum.
    MinSize,
    /// Edge, micro-dollars.
    MinEdge,
    /// Confidence, millionths: low counts 400,000, medium 600,000, high 800,000.
    MinConfidence,
    /// Cost of this order, micro-dollars.
    SingleTrade,
    /// Cost of the position with this order, micro-dollars.
    PositionSize,
    /// Cost at risk in the event's markets, micro-dollars.
    GroupExposure,
    /// Cost at risk in the category, micro-dollars.
    CategoryExposure,
    /// Cost at risk in all, micro-dollars.
    PortfolioExposure,
    /// Positions and entries open, count.
    OpenPositions,
    /// Loss of the UTC day, micro-dollars.
    DailyLoss,
    /// Fall from the highest equity, millionths.
    Drawdown,
    /// Orders in the last minute, count.
    OrderRate,
    /// Cost of entries in the last 24 hours, micro-dollars.
    Turnover,
    /// Fees over the last 24 hours against their budget, micro-dollars.
    FeeDrag,
    /// Cash needed against cash free, micro-dollars.
    Balance,
    /// Orders of this market whose fate is unknown, count.
    UnknownOrders,
    /// Model spending, micro-dollars.
    ModelBudget,
    /// Time left before the market ends, ms.
    TimeToResolution,
}

/// One limit, as the gate saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct LimitCheck {
    /// Which limit.
    pub limit: Limit,
    /// What was found, in the limit's unit.
    pub observed: i64,
    /// What is allowed, in the limit's unit.
    pub allowed: i64,
    /// Whether it holds.
    pub pass: bool,
}

/// The gate's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As proposed.
    Approve,
    /// Smaller than proposed.
    Shrink,
    /// Not at all.
    Veto,
}

/// What the risk gate says to a proposal. Code has the last word; a model may only veto or shrink.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct RiskVerdict {
    /// The market.
    pub market: MarketId,
    /// The answer.
    pub verdict: Verdict,
    /// The size allowed; 0 when vetoed.
    pub size: Size,
    /// The most this order can lose, micro-dollars, at the allowed size.
    pub worst_case_loss: Cash,
    /// Every limit that was looked at.
    pub checks: Vec<LimitCheck>,
}

/// How long an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    /// Until cancelled.
    Gtc,
    /// Until a time.
    Gtd,
    /// All at once or not at all.
    Fok,
    /// What is there now, the rest is cancelled.
    Fak,
}

impl TimeInForce {
    /// Whether an order of it never rests in a book.
    pub fn takes_at_once(self) -> bool {
        matches!(self, Self::Fok | Self::Fak)
    }
}

/// `order_plan/1`: the order to be placed, exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct OrderPlan {
    /// What to do.
    pub action: Action,
    /// Why.
    pub purpose: Purpose,
    /// How.
    pub style: Style,
    /// Limit price, on the tick grid.
    pub price: Price,
    /// Size, on the venue's grid.
    pub size: Size,
    /// How long it stands.
    pub tif: TimeInForce,
    /// Refused rather than taking.
    pub post_only: bool,
    /// End of a GTD order; zero otherwise.
    pub expires: UtcNanos,
    /// Where a stop would close the position; zero for exits.
    pub stop: Price,
    /// Where a target would close the position; zero for exits.
    pub target: Price,
}

/// Why a cycle ended without an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoDecisionReason {
    /// Every forecaster abstained.
    AllAbstained,
    /// The market has no two-sided price.
    NoPrice,
    /// The edge does not clear cost and the configured minimum.
    NoEdge,
    /// What the limits leave is below the venue's minimum.
    TooSmall,
    /// An order or position already expresses the view.
    AlreadyIn,
    /// Nothing is left to close.
    NothingHeld,
    /// The models failed or their budget is used up.
    NoModel,
    /// A number did not fit; the inputs are absurd.
    BadNumbers,
}

/// What kind of mistake a losing forecast was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorType {
    /// The outside view was off.
    BaseRate,
    /// The evidence was misread.
    Evidence,
    /// Right, but too early or too late.
    Timing,
    /// Right, but badly traded.
    Execution,
    /// Within what chance explains.
    Luck,
    /// No mistake.
    None,
}

/// `reflection/1`: what became of a position, in numbers that code computed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Reflection {
    /// The market.
    pub market: MarketId,
    /// The cycle that last entered it, 0 if none.
    pub cycle: CycleId,
    /// The order that last entered it, 0 if none.
    pub order: OrderId,
    /// Whether it resolved to YES.
    pub outcome: bool,
    /// Our mean squared error over the market's life, millionths.
    pub brier_ppm: u32,
    /// The market's own, at the same moments.
    pub market_brier_ppm: u32,
    /// What was made or lost, fees included.
    pub pnl: Cash,
    /// What kind of mistake.
    pub error_type: ErrorType,
}

/// Something worth remembering.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Lesson {
    /// In words, at most 240 characters. Untrusted text when a model wrote it.
    pub text: String,
    /// From a fixed list.
    pub tags: Vec<String>,
    /// The category it applies to, empty for all.
    pub applies_to: String,
    /// Importance, millionths.
    pub importance_ppm: u32,
    /// Forgotten after this moment.
    pub keep_until: UtcNanos,
}

/// What the agents decide.
#[derive(Clone, Debug, PartialEq, Eq)]
#[derive(serde::Serialize, serde::Deserialize, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub enum AgentEvent {
    /// A cycle begins. The envelope carries its number.
    CycleStarted {
        /// The market.
        market: MarketId,
        /// Why now.
        trigger: CycleTrigger,
    },
    /// A forecaster's estimate.
    ResearchEstimate(Box<ResearchEstimate>),
    /// What the agents want to do.
    ProposalMade(Box<Proposal>),
    /// What the gate says.
    RiskVerdict(Box<RiskVerdict>),
    /// The exact order.
    OrderPlanned(Box<OrderPlan>),
    /// What became of it.
    Reflection(Box<Reflection>),
    /// What is worth remembering.
    LessonLearned(Box<Lesson>),
    /// The cycle ends without an order.
    NoDecision {
        /// The market.
        market: MarketId,
        /// Why.
        reason: NoDecisionReason,
    },
}
