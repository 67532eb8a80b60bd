//! `arena signer` as a process: what it signs, what it survives, and that nothing secret leaves any command.

use super::command::command;
use super::purse::{FRIEND, KEY, PASSWORD, Purse, RPC_SECRET, files, funded, owner};
use super::secrets::{assert_clean, secrets};
use super::signer_process::{Process, keystore, words};
use super::world::World;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use polymarket::{Chain, Domain, Generation, Order, SignatureType, verify_order};
use schemas::{Bytes32, Side};
use signer::{OrderSigner, RemoteSigner, SignError, SigningDomainRequest};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const STANDARD: SigningDomainRequest =
    SigningDomainRequest { chain_id: 137, generation: Generation::V2, neg_risk: false };

/// One dollar for two shares.
fn order(salt: u64) -> Order {
    Order {
        salt,
        maker: owner(),
        signer: owner(),
        token: Bytes32([7; 32]),
        maker_amount: 1_000_000,
        taker_amount: 2_000_000,
        side: Side::Buy,
        signature_type: SignatureType::Eoa,
        timestamp_ms: 1_795_305_600_137,
        metadata: Bytes32::ZERO,
        builder: Bytes32::ZERO,
    }
}

/// A policy of 25 dollars an order and so many a day.
fn policy(purse: &Purse, day: u64) {
    let shipped = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../ops/signer-policy.toml")).unwrap();
    let text = shipped.replacen("max_day_usdc = 500", &format!("max_day_usdc = {day}"), 1);
    assert!(text.contains(&format!("max_day_usdc = {day}")));
    fs::write(purse.path("policy.toml"), text).unwrap();
}

/// A key from a systemd credential, which takes no second to open.
fn credential(purse: &Purse) -> Vec<String> {
    fs::create_dir_all(purse.path("credentials")).unwrap();
    purse.private("credentials/wallet-key", KEY);
    let sums = purse.path("signed").to_str().unwrap().to_owned();
    ["--key-credential", "wallet-key", "--sums"].map(str::to_owned).into_iter().chain([sums]).collect()
}

#[test]
fn signs_by_its_policy_and_ends_cleanly() {
    let purse = Purse::with_key(World::polygon());
    policy(&purse, 3);
    let process = Process::start(&purse, &words(&keystore(&purse)));
    let signer = RemoteSigner::connect(&process.socket).unwrap();
    assert_eq!(signer.address(), owner());
    let signature = signer.sign_order(&order(1), &STANDARD).unwrap();
    let domain = Domain::exchange(&Chain::POLYGON, Generation::V2, false).unwrap();
    verify_order(&order(1), &domain, &signature, Some(owner())).unwrap();
    let mut dear = order(2);
    (dear.maker_amount, dear.taker_amount) = (26_000_000, 52_000_000);
    assert_eq!(signer.sign_order(&dear, &STANDARD).unwrap_err().rule(), Some("order_dollars"));
    signer.sign_order(&order(3), &STANDARD).unwrap();
    signer.sign_order(&order(4), &STANDARD).unwrap();
    assert_eq!(signer.sign_order(&order(5), &STANDARD).unwrap_err().rule(), Some("day_dollars"));

    // A second one on the same sums is refused, wherever it listens.
    let mut other = command("arena");
    other.args(["signer", "--socket"]).arg(purse.path("run2/s")).arg("--policy").arg(purse.path("policy.toml"));
    let output = other.args(keystore(&purse)).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("another signer"), "{output:?}");

    let socket = process.socket.clone();
    let (code, text) = process.end("-TERM");
    assert_eq!(code, Some(0), "{text}");
    assert!(!socket.exists());
    assert!(text.contains(&order(1).id(&domain).to_string()), "it says what it signed: {text}");
    assert!(text.contains("order_dollars") || text.contains("26"), "and what not: {text}");
}

#[test]
fn a_bad_policy_or_folder_stops_it_before_the_key_is_read() {
    let purse = Purse::of("eoa", World::polygon());
    let none = ["--keystore", "/nonexistent/wallet.age"];
    fs::write(purse.path("policy.toml"), "chain = 137\n").unwrap();
    let mut process = Process::spawn(&purse, &none);
    assert_eq!(process.child.wait().unwrap().code(), Some(4));
    assert!(process.stderr().contains("missing"));
}

/// Signs with four clients at once until the connection breaks or the day is full; counts what they hold in their hands.
fn sign_all(socket: &Path, salt: &AtomicU64, in_hand: &AtomicU64) -> bool {
    let client = || {
        let Ok(signer) = RemoteSigner::connect(socket) else { return false };
        loop {
            match signer.sign_order(&order(salt.fetch_add(1, Ordering::SeqCst)), &STANDARD) {
                Ok(_) => in_hand.fetch_add(1, Ordering::SeqCst),
                Err(SignError::RefusedThere { rule, .. }) => return rule == "day_dollars",
                Err(_) => return false,
            };
        }
    };
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..4).map(|_| scope.spawn(client)).collect();
        clients.into_iter().all(|c| c.join().unwrap())
    })
}

/// Killed with SIGKILL at many moments while clients sign as fast as they can: what they hold in their hands never
/// passes the day's limit, and never what the file says.
#[test]
fn killed_at_any_moment_the_day_keeps_its_limit() {
    const LIMIT: u64 = 250;
    const KILLS: u64 = 15;
    let purse = Purse::of("eoa", World::polygon());
    policy(&purse, LIMIT);
    let mut key = credential(&purse);
    // A killed process loses nothing that it wrote, whatever is under the file; in memory hundreds of syncs take no time.
    let memory = tempfile::tempdir_in(if Path::new("/dev/shm").is_dir() { "/dev/shm" } else { "/tmp" }).unwrap();
    let file = memory.path().join("signed");
    *key.last_mut().unwrap() = file.to_str().unwrap().to_owned();
    let (in_hand, salt) = (AtomicU64::new(0), AtomicU64::new(1));
    let sums = || {
        let text = fs::read_to_string(&file).unwrap();
        let line = |name: &str| text.lines().find_map(|l| l.strip_prefix(name)).unwrap().parse::<u64>().unwrap();
        (line("day "), line("spent ") / 1_000_000)
    };
    let mut first_day = None;
    for kill in 0..KILLS {
        let mut process = Process::start(&purse, &words(&key));
        std::thread::scope(|scope| {
            let clients = scope.spawn(|| sign_all(&process.socket, &salt, &in_hand));
            // Spread over the time of some signatures.
            std::thread::sleep(Duration::from_micros(700 + kill * 2_311 % 19_000));
            process.signal("-KILL");
            clients.join().unwrap();
        });
        process.child.wait().unwrap();
        let (day, spent) = sums();
        assert!(in_hand.load(Ordering::SeqCst) <= spent, "a signature left before it was counted");
        assert!(spent <= LIMIT);
        first_day = first_day.or((day > 0).then_some(day));
    }
    let process = Process::start(&purse, &words(&key));
    assert!(sign_all(&process.socket, &salt, &in_hand), "the day fills up in the end");
    process.end("-TERM");
    let ((day, spent), in_hand) = (sums(), in_hand.load(Ordering::SeqCst));
    eprintln!("{KILLS} kills: {in_hand} signatures in hand, {spent} counted, limit {LIMIT}");
    // A midnight in between would have freed the limit.
    if first_day.is_none_or(|first| first == day) {
        assert_eq!(spent, LIMIT);
        assert!(in_hand <= LIMIT);
    }
}

#[test]
fn the_search_finds_what_it_looks_for() {
    let key = polymarket::from_hex(KEY).unwrap();
    let base64 = STANDARD_NO_PAD.encode([b"xy", &key[..], b"z"].concat());
    for text in [KEY.to_owned(), KEY.to_uppercase(), base64, format!("...{PASSWORD}...")] {
        assert!(secrets().iter().any(|s| text.as_bytes().windows(s.len()).any(|w| w == s.as_slice())), "{text}");
    }
}

#[test]
fn no_secret_leaves_any_command() {
    let purse = Purse::of("eoa", funded());
    policy(&purse, 500);
    let end: String = owner().to_string().chars().skip(38).collect();
    let mut said = Vec::new();
    let mut run = |words: &str, typed: &str| {
        let done = purse.wallet(words, typed);
        said.push((words.to_owned(), done.stdout + &done.stderr));
    };
    run("import -vvv", KEY);
    run("import", KEY);
    run("new", "");
    run("show -vvv", "");
    run("show --json", "");
    run("balance -vvv", "");
    run("approve", &end);
    run(&format!("withdraw --to {FRIEND} --amount 1"), "1 79C8");
    run(&format!("withdraw --to {FRIEND} --amount 1"), KEY);
    run("show --keystore /nonexistent", "");
    let wrong = purse.private("wrong", &format!("{PASSWORD}-not\n"));
    let wrong = wrong.to_str().unwrap();
    let done = purse.arena(&["wallet", "show", "--password-file", wrong], "");
    said.push(("a wrong password".to_owned(), done.stdout + &done.stderr));
    // A key where a key must not be, by mistake.
    for args in [&["wallet", "import", KEY][..], &["wallet", "show", "--keystore", KEY]] {
        let done = purse.arena(args, "");
        assert_ne!(done.code, 0);
    }
    fs::remove_file(wrong).unwrap();

    let process = Process::start(&purse, &words(&keystore(&purse)));
    let signer = RemoteSigner::connect(&process.socket).unwrap();
    signer.sign_order(&order(1), &STANDARD).unwrap();
    assert!(signer.sign_l1(0, 0).is_err());
    let proc = Path::new("/proc").join(process.child.id().to_string());
    let secrets = secrets();
    for name in ["environ", "cmdline"] {
        let bytes = fs::read(proc.join(name)).unwrap_or_default();
        assert_clean(name, &bytes, &secrets);
    }
    let limits = fs::read_to_string(proc.join("limits")).unwrap();
    let core = limits.lines().find(|l| l.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().filter(|w| *w == "0").count(), 2, "{core}");
    drop(signer);
    let (_, text) = process.end("-TERM");
    said.push(("signer".to_owned(), text));

    for (what, text) in &said {
        assert_clean(what, text.as_bytes(), &secrets);
        assert!(!text.contains(RPC_SECRET), "{what}: {text}");
    }
    let mut looked_at = 0;
    for path in files(purse.dir.path()) {
        if path.ends_with("password") {
            continue;
        }
        assert_clean(&path.display().to_string(), &fs::read(&path).unwrap(), &secrets);
        looked_at += 1;
    }
    assert!(looked_at >= 4, "{looked_at}");
}
