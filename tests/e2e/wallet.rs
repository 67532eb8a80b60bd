//! `arena wallet`: keys, money and permissions, against a node on loopback that decodes what it is sent.

use super::command::Done;
use super::peer::Fault;
use super::purse::{FRIEND, KEY, Purse, funded, owner};
use super::world::{World, at};
use polymarket::{Address, Contract};
use schemas::Bytes32;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

fn friend() -> Address {
    FRIEND.parse().unwrap()
}

fn says(done: &Done, words: &[&str]) {
    for word in words {
        assert!(done.stderr.contains(word), "'{word}' is not in\n{}", done.stderr);
    }
}

#[test]
fn a_new_key_is_kept_once_and_privately() {
    let purse = Purse::of("eoa", World::polygon());
    let made = purse.wallet("new --json", "").expect_code(0).json();
    let keystore = purse.path("data/wallet.age");
    assert_eq!(fs::metadata(&keystore).unwrap().mode() & 0o777, 0o600);
    assert_eq!(purse.wallet("show --json", "").expect_code(0).json(), made);
    let bytes = fs::read(&keystore).unwrap();
    for words in ["new", "import"] {
        says(&purse.wallet(words, KEY).expect_code(2), &["never overwritten", "next:"]);
    }
    assert_eq!(fs::read(&keystore).unwrap(), bytes);
}

#[test]
fn addresses_are_those_of_the_official_clients() {
    // Account 0 of Anvil, and its wallets as polymarket-client 0.14.0 derives them.
    let purse = Purse::of("safe", World::polygon());
    purse.wallet("import", "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80").expect_code(0);
    let shown = purse.wallet("show --json", "").expect_code(0).json();
    assert_eq!(shown["address"], "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
    assert_eq!(shown["maker"], shown["safe"]);
    assert_eq!(shown["account"], "safe");
}

#[test]
fn what_opens_a_keystore_and_what_does_not() {
    let purse = Purse::with_key(World::polygon());
    let keystore = purse.path("data/wallet.age");
    let wrong = purse.private("wrong", "not the password\n");
    let show = |file: &std::path::Path| purse.arena(&["wallet", "show", "--password-file", file.to_str().unwrap()], "");
    says(&show(&wrong).expect_code(2), &["the password does not open", "next:"]);
    fs::set_permissions(&keystore, Permissions::from_mode(0o644)).unwrap();
    says(&purse.wallet("show", "").expect_code(4), &["mode 0644", "chmod 600"]);
    fs::set_permissions(&keystore, Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(&wrong, Permissions::from_mode(0o640)).unwrap();
    says(&show(&wrong).expect_code(4), &["mode 0640", "chmod 600"]);
    let nowhere = purse.path("nowhere");
    says(&show(&nowhere).expect_code(2), &["the password is to be read from it", "mode 600"]);
    // Nobody to ask.
    says(&purse.arena(&["wallet", "show"], "").expect_code(2), &["no terminal", "--password-file"]);
    let mut bytes = fs::read(&keystore).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&keystore, bytes).unwrap();
    says(&purse.wallet("show", "").expect_code(7), &["cannot be used"]);
    fs::remove_file(&keystore).unwrap();
    says(&purse.wallet("show", "").expect_code(2), &["does not exist", "arena wallet new"]);
}

#[test]
fn what_is_no_key_is_not_kept() {
    let purse = Purse::of("eoa", World::polygon());
    for typed in ["", "hello", &KEY[..62], &"0".repeat(64)] {
        let done = purse.wallet("import", typed).expect_code(2);
        assert!(typed.is_empty() || !done.stderr.contains(typed), "{}", done.stderr);
    }
    purse.private("password", "short\n");
    says(&purse.wallet("import", KEY).expect_code(2), &["at least 10 characters"]);
    assert!(!purse.path("data/wallet.age").exists());
}

#[test]
fn another_key_than_the_configured_one_is_refused() {
    let purse = Purse::with_key(World::polygon());
    let config = fs::read_to_string(purse.path("arena.toml")).unwrap();
    fs::write(purse.path("arena.toml"), format!("{config}address = \"{FRIEND}\"\n")).unwrap();
    let transfer = format!("withdraw --to {FRIEND} --amount 1");
    says(&purse.wallet(&transfer, "").expect_code(4), &["wallet.address is 0x7099"]);
}

#[test]
fn a_withdrawal_is_shown_typed_and_arrives() {
    let purse = Purse::with_key(funded());
    let words = format!("withdraw --to {FRIEND} --amount 12.50 --json");
    for typed in ["", "yes", "12.5", "12.5 79c8", "12.50 79C8", "125 79C8"] {
        says(&purse.wallet(&words, typed).expect_code(2), &["nothing was signed"]);
    }
    assert!(purse.peer.world.lock().unwrap().included.is_empty());
    let done = purse.wallet(&words, "12.5 79C8").expect_code(0);
    says(
        &done,
        &["sends 12.5 pUSD", FRIEND, "0xC011a7E12a19f7B1f670d46F03B03f3342E82DFB", "POL", "cannot be called back"],
    );
    let world = purse.peer.world.lock().unwrap();
    assert_eq!((world.has(Contract::Pusd, owner()), world.has(Contract::Pusd, friend())), (7_500_000, 12_500_000));
    let (hash, tx, succeeded) = &world.included[0];
    assert_eq!((tx.from, tx.nonce, *succeeded), (owner(), 0, true));
    assert_eq!(done.json()[0]["transaction"], format!("0x{hash}"));
}

#[test]
fn unwrapping_asks_for_its_permission_and_no_more() {
    let purse = Purse::with_key(funded());
    let words = format!("withdraw --to {FRIEND} --amount all --unwrap --json");
    let done = purse.wallet(&words, "20 79C8").expect_code(0);
    says(&done, &["1 of 2", "take up to 20 pUSD", "2 of 2", "USDC.e"]);
    let world = purse.peer.world.lock().unwrap();
    assert_eq!((world.has(Contract::Pusd, owner()), world.has(Contract::UsdcE, friend())), (0, 20_000_000));
    assert_eq!(world.allowances[&(owner(), at(Contract::Offramp))], 0, "nothing is left of the permission");
    assert_eq!(world.included.len(), 2);
}

#[test]
fn withdrawals_that_make_no_sense() {
    let purse = Purse::with_key(funded());
    let cases = [
        (format!("--to {FRIEND} --amount 20.000001"), "less than"),
        (format!("--to {FRIEND} --amount 0"), "more than nothing"),
        (format!("--to {FRIEND} --amount 0.0000001"), "6 decimals"),
        (format!("--to {} --amount 1", owner()), "own address"),
        (format!("--to {} --amount 1", Address::ZERO), "zero address"),
        (format!("--to {} --amount 1", at(Contract::Pusd)), "contract of the venue"),
        (format!("--to {} --amount 1", FRIEND.replace('C', "c")), "checksum"),
        ("--to 0x12 --amount 1".to_owned(), "not an address"),
    ];
    for (words, expected) in cases {
        says(&purse.wallet(&format!("withdraw {words}"), "1 79C8").expect_code(2), &[expected]);
    }
    purse.peer.world.lock().unwrap().pol.insert(owner(), 1_000);
    says(&purse.wallet(&format!("withdraw --to {FRIEND} --amount 1"), "1 79C8").expect_code(2), &["send POL to"]);
    assert!(purse.peer.world.lock().unwrap().included.is_empty());
}

#[test]
fn accounts_that_cannot_send_say_who_can() {
    for (account, hint) in [("proxy", "polymarket.com"), ("safe", "app.safe.global"), ("deposit", "relayer")] {
        let purse = Purse::of(account, World::polygon());
        for words in [
            format!("withdraw --to {FRIEND} --amount 1"),
            "approve".to_owned(),
            format!("redeem --condition {}", "5a".repeat(32)),
        ] {
            // No key is needed to be told.
            says(&purse.wallet(&words, "").expect_code(2), &[account, hint, "next:"]);
        }
    }
}

#[test]
fn permissions_are_given_once_and_taken_back() {
    let purse = Purse::with_key(funded());
    let end: String = owner().to_string().chars().skip(38).collect();
    says(&purse.wallet("approve", "no").expect_code(2), &["nothing was signed", "any amount of pUSD"]);
    purse.wallet("approve --json", &end).expect_code(0);
    assert_eq!(purse.peer.world.lock().unwrap().included.len(), 6);
    says(&purse.wallet("approve", "").expect_code(0), &["there already"]);
    let listed = purse.wallet("balance --json", "").expect_code(0).json();
    let granted = listed["permissions"].as_array().unwrap().iter().filter(|p| p["amount"] == "unlimited").count();
    assert_eq!((granted, listed["pusd"].as_str()), (6, Some("20")));
    purse.wallet("approve --revoke", &end).expect_code(0);
    let world = purse.peer.world.lock().unwrap();
    assert!(world.operators.is_empty() && world.allowances.values().all(|a| *a == 0));
}

#[test]
fn resolved_markets_are_redeemed() {
    let condition = Bytes32([0x5a; 32]);
    let mut world = funded();
    world.winnings.insert((condition, owner()), 3_000_000);
    let purse = Purse::with_key(world);
    let end: String = owner().to_string().chars().skip(38).collect();
    let words = format!("redeem --condition 0x{condition} --neg-risk");
    says(&purse.wallet(&words, &end).expect_code(2), &["may not take", "approve --redeem"]);
    purse.wallet("approve --redeem", &end).expect_code(0);
    purse.wallet(&words, &end).expect_code(0);
    assert_eq!(purse.peer.world.lock().unwrap().has(Contract::Pusd, owner()), 23_000_000);
    // There is nothing left, which the contract says before anything is signed.
    says(&purse.wallet(&words, &end).expect_code(1), &["would refuse", "nothing to redeem"]);
}

#[test]
fn a_lost_answer_is_not_a_lost_transaction() {
    let purse = Purse::with_key(funded());
    purse.peer.fail("eth_sendRawTransaction", Fault::Lost);
    let done = purse.wallet(&format!("withdraw --to {FRIEND} --amount 1 --json"), "1 79C8").expect_code(0);
    says(&done, &["looking for 0x"]);
    assert_eq!(purse.peer.world.lock().unwrap().has(Contract::Pusd, friend()), 1_000_000);
}

#[test]
fn a_node_of_another_chain_is_asked_nothing() {
    let mut world = funded();
    world.chain_id = 1;
    let purse = Purse::with_key(world);
    says(&purse.wallet("balance", "").expect_code(4), &["is on chain 1", "wallet.rpc_url"]);
    assert_eq!(purse.peer.asked.lock().unwrap().len(), 1);
}
