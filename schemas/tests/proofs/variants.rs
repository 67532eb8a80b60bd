//! Every variant of the small enums inside events. Strategies draw from these lists and the golden samples walk them, so
//! that no variant stays unproven. `covers!` refuses a list that misses one.

use schemas::event::*;
use schemas::money::Side;

/// Declares a list of all variants, and a match that stops compiling when the enum gains one.
macro_rules! covers {
    ($($name:ident: $ty:ty = [$($variant:ident),* $(,)?];)*) => {
        $(
            pub const $name: &[$ty] = &[$(<$ty>::$variant),*];
            const _: fn(&$ty) = |v| match v { $(<$ty>::$variant => (),)* };
        )*
    };
}

covers! {
    SIDES: Side = [Buy, Sell];
    VENUES: Venue = [Polymarket, PolymarketUs, Kalshi, Manifold, Binance, Synthetic];
    STATUSES: MarketStatus = [Open, Paused, Closed];
    RESOLUTIONS: Resolution = [Yes, No, Split];
    BREAKERS: BreakerState = [Closed, Open, HalfOpen];
    PERIODS: BudgetPeriod = [Day, Month];
    EXITS: ExitReason = [Target, Stop, Time, EdgeGone, Flatten];
    CONFIDENCES: Confidence = [Low, Medium, High];
    DIRECTIONS: Direction = [For, Against, Neutral];
    STRENGTHS: Strength = [Weak, Moderate, Strong];
    STYLES: Style = [Maker, Taker];
    LIMITS: Limit = [
        KillSwitch, MarketStatus, StaleData, Spread, PriceBand, TickGrid, MinSize, MinEdge, MinConfidence, SingleTrade,
        PositionSize, GroupExposure, CategoryExposure, PortfolioExposure, OpenPositions, DailyLoss, Drawdown, OrderRate,
        Turnover, FeeDrag, Balance, UnknownOrders, ModelBudget, TimeToResolution,
    ];
    VERDICTS: Verdict = [Approve, Shrink, Veto];
    TIMES_IN_FORCE: TimeInForce = [Gtc, Gtd, Fok, Fak];
    NO_DECISIONS: NoDecisionReason =
        [AllAbstained, NoPrice, NoEdge, TooSmall, AlreadyIn, NothingHeld, NoModel, BadNumbers];
    ERROR_TYPES: ErrorType = [BaseRate, Evidence, Timing, Execution, Luck, None];
    LIQUIDITIES: Liquidity = [Maker, Taker];
    CANCEL_REASONS: CancelReason =
        [ViewChanged, Kill, Replaced, Operator, Shutdown, Unfilled, MarketResolved, NoBalance];
    MODES: Mode = [Import, Backtest, Paper, Live];
    KILL_LEVELS: KillLevel = [Off, NoNewRisk, CancelAll, Flatten];
    KILL_SOURCES: KillSource = [Operator, DailyLoss, Drawdown, Reconcile, Fault];
    TIMERS: TimerKind = [Core, Exchange];
    SEVERITIES: Severity = [Info, Warning, Critical];
    FAULT_POLICIES: FaultPolicy = [Repaired, Degraded, Halted];
    MOVE_KINDS: MoveKind = [Deposit, Withdrawal, Reward, Other];
}

/// Variants that carry something have no list. When one of these stops compiling, an enum has a new variant: add it to
/// its strategy in `strategies/` and to the samples in `samples/`, then here.
const _: fn(&MarketChange) = |v| match v {
    MarketChange::Tick(_) | MarketChange::Status(_) | MarketChange::Fee(_) | MarketChange::MinSize(_) => (),
};
const _: fn(&FeedScope) = |v| match v {
    FeedScope::All | FeedScope::Market(_) => (),
};
const _: fn(&EstimateSource) = |v| match v {
    EstimateSource::Offline(_) | EstimateSource::Model { .. } | EstimateSource::Blend => (),
};
const _: fn(&CycleTrigger) = |v| match v {
    CycleTrigger::Interval | CycleTrigger::PriceMove | CycleTrigger::Exit(_) => (),
};
const _: fn(&Purpose) = |v| match v {
    Purpose::Entry | Purpose::Exit(_) => (),
};
const _: fn(&OperatorCommand) = |v| match v {
    OperatorCommand::Kill(_)
    | OperatorCommand::CancelAll
    | OperatorCommand::Note(_)
    | OperatorCommand::CancelMarket(_)
    | OperatorCommand::TestOrder { .. }
    | OperatorCommand::Stop => (),
};
