//! The chain: which of the key's wallets has the money, whether it is the configured one, and whether the exchanges may take
//! it. A wrong account type is the mistake that most people make first.

use super::{Doctor, Known};
use crate::cmd::talk::Talk;
use crate::cmd::wallet::{dollars, held, needed, purpose};
use crate::config::AccountType;
use polymarket::wire::rest::BalanceAllowance;
use polymarket::{Address, Chain, wallet};
use schemas::Cash;
use std::time::Duration;
use venues::polygon::{Balances, Node, Permission, RpcError};

/// What the chain says.
struct Found {
    maker: Balances,
    owner: Balances,
    deployed: bool,
    /// Money in the key's other wallets.
    elsewhere: Vec<(&'static str, Address, u64)>,
    permissions: Vec<Permission>,
    /// The older kind of deposit wallet is there.
    older: bool,
}

/// Every wallet that derives from a key, by the name of its account type.
fn wallets(owner: Address) -> [(&'static str, Address); 5] {
    [
        ("eoa", owner),
        ("proxy", wallet::proxy(owner)),
        ("safe", wallet::safe(owner)),
        ("deposit", wallet::deposit(owner)),
        ("deposit, older kind", wallet::deposit_legacy(owner)),
    ]
}

async fn look(node: &Node, chain: &Chain, owner: Address, maker: Address) -> Result<Found, RpcError> {
    node.check_chain(chain).await?;
    let found = node.balances(chain, maker).await?;
    let mut elsewhere = Vec::new();
    for (name, address) in wallets(owner).into_iter().filter(|(_, a)| *a != maker) {
        let pusd = node.balances(chain, address).await?.pusd;
        if pusd > 0 {
            elsewhere.push((name, address, pusd));
        }
    }
    Ok(Found {
        maker: found,
        owner: node.balances(chain, owner).await?,
        deployed: maker == owner || node.has_code(maker).await?,
        elsewhere,
        permissions: node.permissions(chain, maker).await?,
        older: node.has_code(wallet::deposit_legacy(owner)).await?,
    })
}

impl Doctor<'_> {
    pub(super) fn wallet(&mut self, talk: &mut Talk, owner: Address, known: Option<&Known>) {
        let config = self.loaded.config.wallet.clone();
        let maker = config.maker(owner);
        let Some(chain) = config.chain() else { return };
        let node = match Node::new(&config.rpc_url, Duration::from_secs(u64::from(config.rpc_timeout_seconds))) {
            Ok(node) => node,
            Err(e) => return self.warn("chain", e.to_string(), "set wallet.rpc_url"),
        };
        let found = match self.runtime.block_on(look(&node, chain, owner, maker)) {
            Ok(found) => found,
            Err(e) => {
                let next = "try again, or name another node with wallet.rpc_url; orders need none, this check does";
                return self.warn("chain", e.to_string(), next);
            }
        };
        self.ok("chain", format!("{} answers for {}", node.host(), chain.name));
        self.account_type(&config.account, owner, maker, &found);
        self.money(talk, maker, &found, known);
        self.permissions(config.account, maker, &found);
    }

    /// Whether the configured wallet is one of the key's, of the configured type, and there.
    fn account_type(&mut self, account: &AccountType, owner: Address, maker: Address, found: &Found) {
        let word = console::words::word(account);
        let same = |name: &str| name == word || (word == "deposit" && name == "deposit, older kind");
        let own = wallets(owner).into_iter().find(|(_, address)| *address == maker);
        match own {
            Some((name, _)) if !same(name) => {
                let what = format!("wallet.funder {maker} is the key's {name} wallet, but wallet.account = \"{word}\"");
                return self.fail_live("wallet", what, format!("set wallet.account = \"{name}\""));
            }
            None => {
                let what = format!("wallet.funder {maker} is none of the wallets of {owner}");
                self.warn(
                    "wallet",
                    what,
                    "`arena wallet show` lists them; the venue takes orders only for a wallet of the key's",
                );
            }
            Some(_) => {}
        }
        if let [(name, address, pusd), ..] = found.elsewhere.as_slice()
            && found.maker.pusd == 0
        {
            let what = format!(
                "account type {word} draws on {maker}, which has no pUSD; {} pUSD are in the key's {name} wallet {address}",
                dollars(*pusd)
            );
            let next = match *name {
                "deposit, older kind" => format!("set wallet.account = \"deposit\" and wallet.funder = \"{address}\""),
                name => format!("set wallet.account = \"{name}\" and take wallet.funder out, or move the money"),
            };
            return self.fail_live("wallet", what, next);
        }
        if !found.deployed {
            let what = match account {
                AccountType::Deposit => {
                    format!("the deposit wallet {maker} is not deployed yet: it is no contract on the chain")
                }
                _ => format!("the {word} wallet {maker} is not deployed yet"),
            };
            let next = match found.older && *account == AccountType::Deposit {
                true => {
                    let older = wallet::deposit_legacy(owner);
                    format!("the key's older deposit wallet is there: set wallet.funder = \"{older}\"")
                }
                false => "log in once on polymarket.com with this key; it deploys the wallet".to_owned(),
            };
            return self.fail_live("wallet", what, next);
        }
        if own.is_some() {
            self.ok("wallet", format!("orders draw on {maker}, the key's {word} wallet"));
        }
    }

    /// What there is to trade with, on the chain and as the venue sees it.
    fn money(&mut self, talk: &mut Talk, maker: Address, found: &Found, known: Option<&Known>) {
        let pusd = found.maker.pusd;
        if pusd == 0 {
            let unwrapped = found.maker.usdc_e.saturating_add(found.maker.usdc);
            let (what, next) = match unwrapped {
                0 => (
                    format!("{maker} has no pUSD: nothing can be bought"),
                    "deposit on polymarket.com, or send pUSD to it",
                ),
                n => (
                    format!(
                        "{maker} has no pUSD; its {} USDC are no use for orders before they are wrapped",
                        dollars(n)
                    ),
                    "deposit them on polymarket.com, which wraps them",
                ),
            };
            return self.fail_live("money", what, next);
        }
        let Some(known) = known else { return self.ok("money", format!("{} pUSD on the chain", dollars(pusd))) };
        let kind = u8::from(self.loaded.config.wallet.account.signature_type());
        let target = format!("asset_type=COLLATERAL&signature_type={kind}");
        let mut seen = balance(talk, known, &format!("/balance-allowance?{target}"));
        if seen.as_ref().is_ok_and(|seen| u64::try_from(*seen).is_ok_and(|s| s != pusd)) {
            // It keeps what it saw last; this makes it look again.
            let _ = known.login.get(talk, &format!("/balance-allowance/update?{target}"));
            seen = balance(talk, known, &format!("/balance-allowance?{target}"));
        }
        match seen {
            Ok(seen) if u64::try_from(seen).is_ok_and(|s| s == pusd) => {
                self.ok("money", format!("{} pUSD, on the chain and for the venue", dollars(pusd)));
            }
            Ok(seen) => {
                let what = format!("{} pUSD on the chain, {} for the venue", dollars(pusd), Cash(seen));
                self.warn(
                    "money",
                    what,
                    "a deposit or a trade may be under way; if it stays so, wallet.account may be wrong",
                );
            }
            Err(why) => self.warn("money", format!("{} pUSD on the chain; {why}", dollars(pusd)), "try again"),
        }
    }

    /// Whether the exchanges may take what orders need.
    fn permissions(&mut self, account: AccountType, maker: Address, found: &Found) {
        if !found.deployed {
            return self.skip("permissions", "the wallet is not deployed");
        }
        let missing: Vec<String> = found
            .permissions
            .iter()
            .filter(|p| p.amount == 0 && needed(p.purpose))
            .map(|p| format!("{:?} ({} for {})", p.contract, held(p.held), purpose(p.purpose)))
            .collect();
        if missing.is_empty() {
            return self.ok("permissions", "the exchanges may take what orders need");
        }
        let what = format!("{maker} lets these take nothing: {}", missing.join(", "));
        let next = match account {
            AccountType::Eoa if found.owner.pol_wei == 0 => {
                "send a little POL to the key's account for fees, then `arena wallet approve`"
            }
            AccountType::Eoa => "`arena wallet approve`",
            _ => "enable trading once on polymarket.com",
        };
        self.fail_live("permissions", what, next);
    }
}

fn balance(talk: &mut Talk, known: &Known, target: &str) -> Result<i64, String> {
    let body = known.login.get(talk, target).map_err(|e| e.what)?;
    BalanceAllowance::read(&body).map(|b| b.balance_micro()).map_err(|e| e.to_string())
}
