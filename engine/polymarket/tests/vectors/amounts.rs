//! Amounts, fees and prices.

use super::floats::{self, Client};
use super::ledger::{Ledger, text};
use polymarket::OrderType;
use polymarket::amounts::{self, AmountError, Amounts, FeeSchedule, Formula, Target, Tick};
use polymarket::number::{micro, micro_floor};
use schemas::{Cash, Price, Rounding, Side, Size};
use serde_json::Value;

fn tick(vector: &Value) -> Tick {
    Tick::new(price(vector, "tick")).unwrap()
}

fn price(vector: &Value, key: &str) -> Price {
    Price(micro(text(vector, key)).unwrap())
}

fn size(vector: &Value, key: &str) -> Size {
    Size(micro(text(vector, key)).unwrap())
}

fn side(vector: &Value) -> Side {
    if vector["side"] == "BUY" { Side::Buy } else { Side::Sell }
}

/// What a client made of it, or nothing for a client that does not know the tick.
fn pair(value: &Value) -> Option<Amounts> {
    let number = |i: usize| value[i].as_str().map(|text| text.parse().unwrap());
    Some(Amounts { maker: number(0)?, taker: number(1)? })
}

fn expected(vector: &Value) -> Amounts {
    let number = |key: &str| text(vector, key).parse().unwrap();
    Amounts { maker: number("maker_amount"), taker: number("taker_amount") }
}

fn float(vector: &Value, key: &str) -> f64 {
    text(vector, key).parse().unwrap()
}

/// The Python clients' amounts, with what binary floats make of the same rules.
const CLIENTS: [(&str, Client); 2] = [("py_clob_client_v2", Client::V2), ("py_clob_client_v1", Client::V1)];

pub fn limit(ledger: &mut Ledger) {
    let mut wrong = 0;
    ledger.each("vectors", |vector, i| {
        let (tick, side, price) = (tick(vector), side(vector), price(vector, "price"));
        let size = size(vector, "size");
        let ours = amounts::limit(tick, side, price, size, OrderType::Gtc).unwrap();
        assert_eq!(ours, expected(vector), "{i}: {vector}");
        // The rule itself: a size cut to hundredths, and its exact product with the price.
        let shares = size.0 / 10_000 * 10_000;
        let dollars = i128::from(shares) * i128::from(price.0);
        assert_eq!(dollars % 1_000_000, 0, "{i}: dollars are exact");
        assert_eq!(i128::from(ours.dollars(side)), dollars / 1_000_000, "{i}");
        assert_eq!(i128::from(ours.shares(side)), i128::from(shares), "{i}");
        for (client, _) in CLIENTS {
            let Some(theirs) = pair(&vector[client]) else { continue };
            let floats = floats::limit(tick, side, float(vector, "price"), float(vector, "size"));
            assert_eq!(theirs, floats, "{i} {client}: floats do not explain it: {vector}");
            wrong += usize::from(theirs != ours);
            assert!(theirs == ours || vector["agree"] == false, "{i}");
            assert!(theirs.shares(side) <= ours.shares(side), "{i} {client}: a client orders less than asked");
        }
        true
    });
    assert_eq!(wrong, 22, "cases in which a Python client errs");
}

pub fn market(ledger: &mut Ledger) {
    let mut wrong = 0;
    ledger.each("vectors", |vector, i| {
        let (tick, side, price) = (tick(vector), side(vector), price(vector, "price"));
        let amount = micro(text(vector, "amount")).unwrap();
        let ours = match side {
            Side::Buy => amounts::market_buy(tick, price, Cash(amount)),
            Side::Sell => amounts::market_sell(tick, price, Size(amount)),
        };
        let ours = ours.unwrap();
        assert_eq!(ours, expected(vector), "{i}: {vector}");
        assert_eq!(ours.taker.to_string(), text(vector, "single_truncation_taker"), "{i}");
        assert_eq!(ours.maker % 10_000, 0, "{i}: what is given has two decimals");
        if side == Side::Buy {
            // The same purchase as a limit that takes at once: in whole cents too, and never dearer.
            let size = Size(i64::try_from(ours.taker).unwrap());
            match amounts::limit(tick, side, price, size, OrderType::Fak) {
                Ok(as_limit) => assert!(as_limit.maker % 10_000 == 0 && as_limit.maker <= ours.maker, "{i}"),
                Err(e) => assert_eq!((e, ours.maker < 20_000), (AmountError::Nothing, true), "{i}"),
            }
        }
        for (name, client) in CLIENTS {
            let Some(theirs) = pair(&vector[name]) else { continue };
            let floats = floats::market(client, tick, side, float(vector, "price"), float(vector, "amount"));
            assert_eq!(theirs, floats, "{i} {name}: floats do not explain it: {vector}");
            wrong += usize::from(theirs != ours);
            assert!(theirs == ours || vector["agree"] == false, "{i}");
        }
        true
    });
    assert_eq!(wrong, 19, "cases in which a Python client errs");
}

fn schedule(vector: &Value) -> FeeSchedule {
    FeeSchedule {
        rate_ppm: u32::try_from(micro(text(vector, "rate")).unwrap()).unwrap(),
        exponent: text(vector, "exponent").parse().unwrap(),
        taker_only: true,
    }
}

pub fn fees(ledger: &mut Ledger) {
    ledger.each("vectors", |vector, i| {
        let (schedule, price) = (schedule(vector), price(vector, "price"));
        let cash = |key: &str| Cash(micro(text(vector, key)).unwrap());
        let (amount, budget) = (cash("amount_usd"), cash("max_spend"));
        let builder = u32::try_from(micro(text(vector, "builder_rate")).unwrap()).unwrap();
        let fee = amounts::fee_on_dollars(amount, price, &schedule, Rounding::Floor).unwrap();
        let theirs = micro_floor(text(vector, "platform_fee_on_amount")).unwrap();
        // Theirs has 28 digits and may end in 9s; ours is exact.
        assert!((fee.0 - theirs).abs() <= 1, "{i}: {fee} and {theirs}");
        let shrink = |formula| amounts::shrink(formula, amount, budget, price, &schedule, builder).unwrap();
        let divided = micro_floor(text(vector, "adjusted_amount_polymarket_client")).unwrap();
        assert_eq!(shrink(Formula::Divide).0, divided, "{i}");
        let subtracted = vector["adjusted_amount_py_clob_client_v2_float"].as_f64().unwrap() * 1e6;
        let ours = shrink(Formula::Subtract).0;
        assert!((ours as f64 - subtracted).abs() <= 1.0, "{i}: {ours} and {subtracted}");
        for formula in [Formula::Divide, Formula::Subtract] {
            let spent = shrink(formula);
            let platform = amounts::fee_on_dollars(spent, price, &schedule, Rounding::Floor).unwrap();
            let builder = spent.part(i64::from(builder), 1_000_000, Rounding::Floor).unwrap();
            assert!(spent.0 + platform.0 + builder.0 <= budget.0, "{i}: {formula:?} leaves the budget");
        }
        assert!(shrink(Formula::Subtract) <= shrink(Formula::Divide), "{i}: the second is the careful one");
        let tick = Tick::new(Price(100)).unwrap();
        let order = amounts::buy_within(tick, price, price, budget, &schedule, builder).unwrap();
        let shares = Size(i64::try_from(order.taker).unwrap());
        let charged = amounts::fee(shares, price, &schedule, Rounding::Ceil).unwrap().0;
        let given = i64::try_from(order.maker).unwrap();
        let builder = Cash(given).part(i64::from(builder), 1_000_000, Rounding::Ceil).unwrap().0;
        assert!(given + charged + builder <= budget.0, "{i}: dollars and fees fit the budget");
        true
    });
}

pub fn market_price(ledger: &mut Ledger) {
    ledger.each("vectors", |vector, i| {
        let levels = vector["levels_as_on_wire"].as_array().unwrap();
        // On the wire the best is last.
        let levels = levels.iter().rev().map(|level| (price(level, "price"), size(level, "size")));
        let amount = micro(text(vector, "amount")).unwrap();
        let target = match side(vector) {
            Side::Buy => Target::Dollars(Cash(amount)),
            Side::Sell => Target::Shares(Size(amount)),
        };
        let order_type: OrderType = serde_json::from_value(vector["order_type"].clone()).unwrap();
        let expected = vector["price"].as_str().map(|text| Price(micro(text).unwrap()));
        assert_eq!(amounts::market_price(levels, target, order_type).unwrap(), expected, "{i}: {vector}");
        true
    });
}
