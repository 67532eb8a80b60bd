//! Why the official Python clients sometimes err: their rules, followed in binary floats as they do. Where this gives
//! what a client gave, and exact numbers give something else, the float is the explanation.

use polymarket::amounts::{Amounts, Tick};
use schemas::Side;

/// How a client brings the price of a market order onto the grid.
#[derive(Clone, Copy, PartialEq)]
pub enum Client {
    /// py-clob-client 0.34.6: to the nearest.
    V1,
    /// py-clob-client-v2 1.2.1: cut, which turns 0.204 (2039.9999999999998 ten-thousandths) into 0.2039.
    V2,
}

fn scale(decimals: u32) -> f64 {
    10f64.powi(i32::try_from(decimals).unwrap())
}

/// 0.29 has 28.999999999999996 hundredths: 0.28.
fn down(x: f64, decimals: u32) -> f64 {
    (x * scale(decimals)).floor() / scale(decimals)
}

fn up(x: f64, decimals: u32) -> f64 {
    (x * scale(decimals)).ceil() / scale(decimals)
}

fn nearest(x: f64, decimals: u32) -> f64 {
    (x * scale(decimals)).round_ties_even() / scale(decimals)
}

/// Digits behind the point of the shortest text that is this float.
fn decimals(x: f64) -> u32 {
    format!("{x}").split_once('.').map_or(0, |(_, digits)| u32::try_from(digits.len()).unwrap())
}

/// An amount that follows from another: rounded up four decimals further, then cut.
fn fit(x: f64, tick: Tick) -> f64 {
    let most = tick.amount_decimals();
    if decimals(x) <= most {
        return x;
    }
    let x = up(x, most + 4);
    if decimals(x) > most { down(x, most) } else { x }
}

fn micro(x: f64) -> u64 {
    nearest(x * 1e6, 0) as u64
}

pub fn limit(tick: Tick, side: Side, price: f64, size: f64) -> Amounts {
    let price = nearest(price, tick.price_decimals());
    let shares = down(size, 2);
    let dollars = fit(shares * price, tick);
    match side {
        Side::Buy => Amounts { maker: micro(dollars), taker: micro(shares) },
        Side::Sell => Amounts { maker: micro(shares), taker: micro(dollars) },
    }
}

pub fn market(client: Client, tick: Tick, side: Side, price: f64, amount: f64) -> Amounts {
    let price = match client {
        Client::V1 => nearest(price, tick.price_decimals()),
        Client::V2 => down(price, tick.price_decimals()),
    };
    let given = down(amount, 2);
    let got = match side {
        Side::Buy => given / price,
        Side::Sell => given * price,
    };
    Amounts { maker: micro(given), taker: micro(fit(got, tick)) }
}
