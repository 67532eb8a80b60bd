//! The decision cycle as a state machine: each stage answers the event of the stage before.
//!
//! started -> estimates -> blend -> proposal -> verdict -> plan -> intent, and at every step "no decision" is a good end.

use crate::exits::{LOT, bounds, net_of_fee};
use crate::forecast::{self, View};
use crate::sizing::{self, chance_of};
use crate::step::Step;
use crate::venues::may_trade;
use crate::{order, risk};
use projections::decisions::Cycle;
use projections::markets::Market;
use schemas::event::{
    Action, AgentEvent, CancelReason, CycleTrigger, EstimateSource, ExitReason, NoDecisionReason, OrderEvent,
    OrderPlan, Proposal, Purpose, ResearchEstimate, RiskVerdict, Style, TimeInForce, Verdict, names_category,
};
use schemas::{CycleId, Event, MarketId, Price, Prob, Side, Size, TokenId, UtcNanos};

impl Step<'_> {
    /// Starts a research cycle if the market is due for a look and a look could lead to anything.
    #[inline]
    pub fn consider_look(&mut self, market: MarketId) {
        let look = self.state.decisions.look(market);
        let waited = self.now().since(look.at);
        let interval = i64::from(self.config.agents.loop_interval_seconds) * schemas::time::NANOS_PER_SEC;
        // A price move brings the look forward, but never closer than a tenth of the interval.
        if waited < interval / 10 {
            return;
        }
        let quote = self.state.quotes.get(market.yes());
        let Some(mid) = quote.mid() else { return };
        let trigger = if waited >= interval {
            CycleTrigger::Interval
        } else if mid.0.abs_diff(look.mid.0) >= self.config.agents.price_move_trigger.0.unsigned_abs() {
            CycleTrigger::PriceMove
        } else {
            return;
        };
        if self.may_look(market) {
            let cycle = self.new_cycle();
            self.emit_in(Some(cycle), Event::Agent(AgentEvent::CycleStarted { market, trigger }));
        }
    }

    fn may_look(&self, market: MarketId) -> bool {
        let Some(m) = self.state.markets.get(market) else { return false };
        let kill = &self.state.kill;
        let wanted = &self.config.markets;
        let category = &m.listed.category;
        m.is_open()
            && may_trade(self.config, m)
            && self.state.quotes.is_live(market)
            && (kill.lets_enter() || (self.state.positions.touches(market) && !kill.stopping))
            && (wanted.categories.is_empty() || names_category(&wanted.categories, category))
            && !names_category(&wanted.exclude_categories, category)
            && (self.is_deep_enough(market) || self.is_in(market))
            && self.state.decisions.open_count() < self.config.performance.max_concurrent_markets as usize
            && !self.state.decisions.is_busy(market)
    }

    /// Whether both best prices have the wanted size, as far as the source states sizes.
    fn is_deep_enough(&self, market: MarketId) -> bool {
        let quote = self.state.quotes.get(market.yes());
        let enough = |size: Size| size == Size::ZERO || size >= self.config.markets.min_top_size;
        enough(quote.bid_size) && enough(quote.ask_size)
    }

    /// Whether anything is held or ordered in a market: it is looked after in a thin book too.
    fn is_in(&self, market: MarketId) -> bool {
        self.state.positions.touches(market) || self.state.orders.open_in(market).next().is_some()
    }

    pub fn on_agent(&mut self, event: &AgentEvent) {
        let Some(id) = self.envelope.cycle else { return };
        // A cycle that ended (vetoed, say) has nothing more to decide.
        let Some(cycle) = self.state.decisions.get(id) else { return };
        match event {
            AgentEvent::CycleStarted { market, trigger: CycleTrigger::Exit(reason) } => {
                self.propose_exit(id, *market, *reason);
            }
            AgentEvent::CycleStarted { market, .. } => self.research(id, *market),
            AgentEvent::ResearchEstimate(e) if e.source == EstimateSource::Blend => self.propose(cycle, e),
            AgentEvent::ResearchEstimate(_) => self.combine(cycle),
            AgentEvent::ProposalMade(proposal) => {
                let verdict = risk::judge(self.state, self.config, self.now(), proposal);
                self.emit_in(Some(id), Event::Agent(AgentEvent::RiskVerdict(Box::new(verdict))));
            }
            AgentEvent::RiskVerdict(verdict) => self.plan(cycle, verdict),
            AgentEvent::OrderPlanned(plan) => self.intend(cycle, plan),
            AgentEvent::Reflection(_) | AgentEvent::LessonLearned(_) | AgentEvent::NoDecision { .. } => {}
        }
    }

    pub fn no_decision(&mut self, cycle: CycleId, market: MarketId, reason: NoDecisionReason) {
        self.emit_in(Some(cycle), Event::Agent(AgentEvent::NoDecision { market, reason }));
    }

    fn research(&mut self, id: CycleId, market: MarketId) {
        let config = self.config;
        let Some(view) = View::of(self.state, market) else {
            return self.no_decision(id, market, NoDecisionReason::NoPrice);
        };
        if config.agents.forecasters.is_empty() {
            return self.no_decision(id, market, NoDecisionReason::NoModel);
        }
        for name in &config.agents.forecasters {
            let estimate = forecast::ask(name, &view);
            self.emit_in(Some(id), Event::Agent(AgentEvent::ResearchEstimate(Box::new(estimate))));
        }
    }

    /// An estimate came: once all are in, combine them with each other and with the market's price.
    fn combine(&mut self, cycle: &Cycle) {
        if cycle.opinions.len() < self.config.agents.forecasters.len() {
            return;
        }
        let (id, market) = (cycle.id, cycle.market);
        let Some(view) = forecast::aggregate(&cycle.opinions) else {
            return self.no_decision(id, market, NoDecisionReason::AllAbstained);
        };
        let Some(price) = self.state.quotes.get(market.yes()).probability() else {
            return self.no_decision(id, market, NoDecisionReason::NoPrice);
        };
        let weight = self.config.agents.forecast_weight;
        let mix = |p| forecast::blend(p, price, weight);
        let estimate = ResearchEstimate {
            market,
            source: EstimateSource::Blend,
            base_rate: price,
            probability: mix(view.probability),
            low: mix(view.low),
            high: mix(view.high),
            confidence: view.confidence,
            resolution_risk: schemas::event::Confidence::Low,
            evidence: Vec::new(),
            rationale: format!("forecasters say {}, the market {price}", view.probability),
            abstain: false,
            injection_suspected: false,
            market_price: price,
        };
        self.emit_in(Some(id), Event::Agent(AgentEvent::ResearchEstimate(Box::new(estimate))));
    }

    /// The blend is there: close, cancel, enter, or leave it.
    fn propose(&mut self, cycle: &Cycle, blend: &ResearchEstimate) {
        let (id, market) = (cycle.id, cycle.market);
        let held = [market.yes(), market.no()].into_iter().find(|t| self.state.positions.held(*t) >= LOT);
        if let Some(token) = held {
            return self.review_holding(id, token, blend.probability);
        }
        if self.review_entries(market, blend.probability) {
            return self.no_decision(id, market, NoDecisionReason::AlreadyIn);
        }
        let Some(m) = self.state.markets.get(market) else {
            return self.no_decision(id, market, NoDecisionReason::NoPrice);
        };
        let estimate = forecast::aggregate(&cycle.opinions).map_or(blend.probability, |o| o.probability);
        let Some(mut proposal) = self.best_entry(m, blend) else {
            return self.no_decision(id, market, NoDecisionReason::NoEdge);
        };
        proposal.estimate = estimate;
        match sizing::entry_size(self.state.equity.now, &proposal, self.config) {
            Ok((size, kelly_ppm)) if size >= m.min_size => {
                (proposal.size, proposal.kelly_ppm) = (order::named_size(m.tick, &proposal, size), kelly_ppm);
                self.emit_in(Some(id), Event::Agent(AgentEvent::ProposalMade(Box::new(proposal))));
            }
            Ok(_) => self.no_decision(id, market, NoDecisionReason::TooSmall),
            Err(_) => self.no_decision(id, market, NoDecisionReason::BadNumbers),
        }
    }

    /// Something is held: sell it if a sale brings more than holding is worth.
    fn review_holding(&mut self, id: CycleId, token: TokenId, yes: Prob) {
        let market = token.market();
        let worth = chance_of(token, yes).as_price();
        let quote = self.state.quotes.get(token);
        let fee = self.state.markets.get(market).map(|m| m.fee).unwrap_or_default();
        let brings = if quote.is_two_sided() { net_of_fee(quote, fee) } else { None };
        let gone = brings.is_some_and(|b| b.0 > worth.0.saturating_add(self.config.exit.edge_gone_margin.0));
        let selling = self.state.orders.open_in(market).any(|o| o.plan.action.side == Side::Sell);
        match (gone && !selling).then(|| self.sale(token, ExitReason::EdgeGone)).flatten() {
            Some(sale) => self.emit_in(Some(id), Event::Agent(AgentEvent::ProposalMade(Box::new(sale)))),
            None => self.no_decision(id, market, NoDecisionReason::AlreadyIn),
        }
    }

    /// Entries are open: cancel those that the view no longer supports. Returns whether there were any.
    fn review_entries(&mut self, market: MarketId, yes: Prob) -> bool {
        let orders: Vec<_> = self.state.orders.open_in(market).map(|o| (o.id, o.plan, o.cancelling)).collect();
        for (order, plan, cancelling) in &orders {
            let edge = chance_of(plan.action.token, yes).as_price().0 - plan.price.0;
            if edge < self.config.risk.min_edge_threshold.0 / 2 && !cancelling {
                let reason = CancelReason::ViewChanged;
                self.emit(Event::Order(OrderEvent::CancelIntended { order: *order, reason }));
            }
        }
        !orders.is_empty()
    }

    /// The entry with the best edge: taking if taking clears fees and the threshold, else resting.
    fn best_entry(&self, market: &Market, blend: &ResearchEstimate) -> Option<Proposal> {
        let id = market.listed.market;
        let taker = [id.yes(), id.no()].into_iter().filter_map(|t| self.taker_entry(market, t, blend));
        let best = taker.max_by_key(|p| p.edge);
        best.or_else(|| {
            let maker = [id.yes(), id.no()].into_iter().filter_map(|t| self.maker_entry(market, t, blend));
            maker.max_by_key(|p| p.edge)
        })
    }

    fn taker_entry(&self, market: &Market, token: TokenId, blend: &ResearchEstimate) -> Option<Proposal> {
        let quote = self.state.quotes.get(token);
        if !quote.is_two_sided() {
            return None;
        }
        let price = quote.ask.ceil_to(market.tick);
        let fee = market.fee.taker_fee(price, Size(schemas::money::MICRO)).ok()?;
        self.entry(market, token, blend, price, Price(price.0.saturating_add(fee.0)), Style::Taker)
    }

    fn maker_entry(&self, market: &Market, token: TokenId, blend: &ResearchEstimate) -> Option<Proposal> {
        let quote = self.state.quotes.get(token);
        let mid = quote.mid()?;
        let view = chance_of(token, blend.probability).as_price().0 - mid.0;
        if !self.config.execution.allow_maker || view < self.config.execution.maker_min_view.0 {
            return None;
        }
        // Join the bid; where the spread is wider than two ticks, go one better.
        let wide = quote.ask.0 - quote.bid.0 > market.tick.0.saturating_mul(2);
        let price = Price(quote.bid.0 + if wide { market.tick.0 } else { 0 }).floor_to(market.tick);
        self.entry(market, token, blend, price, price, Style::Maker)
    }

    fn entry(
        &self,
        market: &Market,
        token: TokenId,
        blend: &ResearchEstimate,
        price: Price,
        cost: Price,
        style: Style,
    ) -> Option<Proposal> {
        let edge = Price(chance_of(token, blend.probability).as_price().0 - cost.0);
        let fits = price.on_grid(market.tick) && edge >= self.config.risk.min_edge_threshold;
        fits.then_some(Proposal {
            market: market.listed.market,
            action: Action { token, side: Side::Buy },
            purpose: Purpose::Entry,
            style,
            estimate: blend.probability,
            market_price: blend.market_price,
            blended: blend.probability,
            price,
            cost,
            edge,
            size: Size::ZERO,
            kelly_ppm: 0,
            confidence: blend.confidence,
        })
    }

    /// The gate allowed it: the exact order.
    fn plan(&mut self, cycle: &Cycle, verdict: &RiskVerdict) {
        let Some(proposal) = cycle.proposal.as_deref().filter(|_| verdict.verdict != Verdict::Veto) else { return };
        let tick = self.state.markets.get(proposal.market).map_or(Price::ZERO, |m| m.tick);
        let rests = proposal.style == Style::Maker;
        let (target, stop) = match proposal.purpose {
            Purpose::Entry => bounds(proposal.cost, tick, self.config),
            Purpose::Exit(_) => (Price::ZERO, Price::ZERO),
        };
        let ttl = u64::from(self.config.execution.order_ttl_seconds);
        let plan = OrderPlan {
            action: proposal.action,
            purpose: proposal.purpose,
            style: proposal.style,
            price: proposal.price,
            size: verdict.size,
            tif: if rests { TimeInForce::Gtd } else { TimeInForce::Fak },
            post_only: rests,
            expires: if rests { self.now().plus_secs(ttl) } else { UtcNanos::ZERO },
            stop,
            target,
        };
        // What still rests in this market would meet the sale, or buy back what it sells.
        if matches!(proposal.purpose, Purpose::Exit(_)) {
            self.cancel_where(CancelReason::Replaced, |o| {
                o.market == proposal.market && o.plan.action.side == Side::Buy
            });
        }
        self.emit_in(Some(cycle.id), Event::Agent(AgentEvent::OrderPlanned(Box::new(plan))));
    }

    /// The plan is fixed: bytes, hash and number, as they will leave.
    fn intend(&mut self, cycle: &Cycle, plan: &OrderPlan) {
        let worst = cycle.verdict.as_ref().map(|v| v.worst_case_loss).unwrap_or_default();
        let Some(market) = self.state.markets.get(cycle.market) else { return };
        let order = self.state.orders.next_id();
        let making = order::Making { order, market: &market.listed, tick: market.tick, plan, worst, time: self.now() };
        match order::intended(&making, self.config.account.as_ref()) {
            Ok(intent) => self.emit_in(Some(cycle.id), Event::Order(OrderEvent::Intended(Box::new(intent)))),
            Err(_) => self.no_decision(cycle.id, cycle.market, NoDecisionReason::BadNumbers),
        }
    }
}
