//! `arena wallet balance`: what the wallet has on the chain, and whom it lets take it.

use super::open::Wallet;
use super::rpc_failure;
use crate::config::AccountType;
use crate::exit::{Failure, Outcome};
use clap::Args;
use console::output::{Format, Table};
use console::print;
use polymarket::Address;
use schemas::Cash;
use serde_json::json;
use venues::polygon::{Balances, Held, Permission, Purpose};

/// Arguments.
#[derive(Debug, Args)]
pub struct BalanceArgs {
    /// Of this key's account instead of the wallet's own; no password is needed then
    #[arg(long, value_name = "ADDRESS")]
    pub address: Option<Address>,
}

struct Found {
    owner: Balances,
    maker: Balances,
    deployed: bool,
    permissions: Vec<Permission>,
}

pub(super) fn run(wallet: &Wallet<'_>, args: &BalanceArgs) -> Outcome {
    let owner = args.address.map_or_else(|| wallet.owner(), Ok)?;
    let maker = wallet.config.maker(owner);
    let found = wallet.on_chain(async |node| {
        Ok::<_, Failure>(Found {
            owner: node.balances(wallet.chain, owner).await.map_err(rpc_failure)?,
            maker: node.balances(wallet.chain, maker).await.map_err(rpc_failure)?,
            deployed: maker == owner || node.has_code(maker).await.map_err(rpc_failure)?,
            permissions: node.permissions(wallet.chain, maker).await.map_err(rpc_failure)?,
        })
    })?;
    if wallet.global.format() == Format::Json {
        return print(&as_json(wallet, owner, maker, &found).to_string());
    }
    for_people(wallet, owner, maker, &found)
}

fn as_json(wallet: &Wallet<'_>, owner: Address, maker: Address, found: &Found) -> serde_json::Value {
    let permissions: Vec<_> = found
        .permissions
        .iter()
        .map(|p| {
            let amount = if p.amount == u64::MAX { "unlimited".to_owned() } else { dollars(p.amount) };
            json!({ "of": held(p.held), "for": purpose(p.purpose), "contract": format!("{:?}", p.contract),
                    "spender": p.spender, "amount": amount })
        })
        .collect();
    json!({
        "chain": wallet.chain.id, "address": owner, "maker": maker, "deployed": found.deployed,
        "pol": pol(found.owner.pol_wei), "pusd": dollars(found.maker.pusd), "usdc_e": dollars(found.maker.usdc_e),
        "usdc": dollars(found.maker.usdc), "permissions": permissions,
    })
}

fn for_people(wallet: &Wallet<'_>, owner: Address, maker: Address, found: &Found) -> Outcome {
    let format = wallet.global.format();
    let mut money = Table::new(&["what", "amount", "where", "note"]).numbers(&["amount"]);
    let mut row = |what: &str, amount: String, place: Address, note: &str| {
        money.row(vec![what.to_owned(), amount, place.to_string(), note.to_owned()]);
    };
    row("pUSD", dollars(found.maker.pusd), maker, "what orders draw on");
    row("USDC.e", dollars(found.maker.usdc_e), maker, "not usable for orders before it is wrapped");
    row("USDC", dollars(found.maker.usdc), maker, "not usable for orders before it is wrapped");
    row("POL", pol(found.owner.pol_wei), owner, "pays the fees of transactions");
    print(&money.render(format))?;
    let mut list = Table::new(&["of", "for", "contract", "amount"]).numbers(&["amount"]);
    for p in &found.permissions {
        let amount = match (p.amount, p.held) {
            (u64::MAX, _) => "unlimited".to_owned(),
            (0, _) => "none".to_owned(),
            (n, _) => dollars(n),
        };
        list.row(vec![held(p.held).to_owned(), purpose(p.purpose).to_owned(), format!("{:?}", p.contract), amount]);
    }
    let outcome = print(&list.render(format))?;
    if !wallet.global.quiet {
        let missing = found.permissions.iter().any(|p| p.amount == 0 && needed(p.purpose));
        match wallet.config.account {
            _ if !found.deployed => {
                eprintln!("the wallet {maker} is not on the chain yet: log in once on polymarket.com")
            }
            AccountType::Eoa if missing => eprintln!("permissions are missing: `arena wallet approve`"),
            _ if missing => eprintln!("permissions are missing: enable trading once on polymarket.com"),
            _ => {}
        }
    }
    Ok(outcome)
}

/// Whether orders need it.
pub(in crate::cmd) fn needed(purpose: Purpose) -> bool {
    matches!(purpose, Purpose::Buy | Purpose::Sell)
}

pub(in crate::cmd) fn held(held: Held) -> &'static str {
    match held {
        Held::Pusd => "pUSD",
        Held::ConditionalTokens => "conditional tokens",
        Held::Positions => "positions",
    }
}

pub(in crate::cmd) fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Buy => "buy orders",
        Purpose::Sell => "sell orders",
        Purpose::Redeem => "redeeming",
        Purpose::Unwrap => "unwrapping",
    }
}

/// Millionths as dollars.
pub(in crate::cmd) fn dollars(micro: u64) -> String {
    i64::try_from(micro).map_or_else(|_| format!("{micro}e-6"), |n| Cash(n).to_string())
}

/// Wei as POL, cut to six decimals.
pub(super) fn pol(wei: u128) -> String {
    const WEI_PER_MICRO: u128 = 1_000_000_000_000;
    let micro = wei / WEI_PER_MICRO;
    match i64::try_from(micro) {
        Ok(0) if wei > 0 => "<0.000001".to_owned(),
        Ok(n) => Cash(n).to_string(),
        Err(_) => format!("{wei}e-18"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_for_people() {
        assert_eq!(
            (dollars(1_500_000), dollars(0), dollars(1)),
            ("1.5".to_owned(), "0".to_owned(), "0.000001".to_owned())
        );
        assert_eq!(
            (pol(0), pol(1), pol(1_250_000_000_000_000_000)),
            ("0".to_owned(), "<0.000001".to_owned(), "1.25".to_owned())
        );
        assert_eq!(pol(u128::MAX), format!("{}e-18", u128::MAX));
    }
}
