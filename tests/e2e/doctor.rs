//! `arena doctor` names the cause: one thing is wrong at a time, and one line says which.

use super::command::{Done, command};
use super::local_venue::{ADDRESS, Client, KEY, Sandbox, arena_as, recording};
use super::purse::{Purse, files};
use serde_json::{Value, json};
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The check of a name; the last one, if there are several.
fn check<'a>(report: &'a Value, name: &str) -> &'a Value {
    let found = report["checks"].as_array().unwrap().iter().rfind(|c| c["name"] == name);
    found.unwrap_or_else(|| panic!("no check '{name}' in {report:#}"))
}

fn failed(report: &Value) -> Vec<&str> {
    let all = report["checks"].as_array().unwrap().iter();
    all.filter(|c| c["state"] == "fail").map(|c| c["name"].as_str().unwrap()).collect()
}

fn doctor(purse: &Purse, code: i32) -> Value {
    arena_as(purse, "doctor --json", "").expect_code(code).json()
}

/// That exactly this check stops trading, and says these words.
fn only(purse: &Purse, name: &str, words: &[&str]) {
    let report = doctor(purse, 1);
    assert_eq!(failed(&report), [name], "{report:#}");
    let found = check(&report, name);
    let text = format!("{} {}", found["what"].as_str().unwrap(), found["next"].as_str().unwrap());
    for word in words {
        assert!(text.contains(word), "'{word}' is not in: {text}");
    }
}

fn replace(purse: &Purse, from: &str, to: &str) -> String {
    let before = fs::read_to_string(purse.path("arena.toml")).unwrap();
    assert!(before.contains(from), "{from} is not in\n{before}");
    purse.private("arena.toml", &before.replace(from, to));
    before
}

/// A port where nobody listens.
fn dead() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[test]
fn each_mistake_is_named() {
    let (_dir, recording) = recording();
    let sandbox = Sandbox::start(&recording, &["--welcome", "10000"]);
    let purse = sandbox.purse("");
    let report = doctor(&purse, 0);
    assert_eq!((report["ok"].as_bool(), report["mode"].as_str()), (Some(true), Some("live")), "{report:#}");
    for name in ["data directory", "disk", "order book", "catalogue", "websockets", "clock", "geoblock", "market data"]
    {
        assert_eq!(check(&report, name)["state"], "ok", "{report:#}");
    }
    for name in ["policy", "login", "standing", "chain", "wallet", "money", "permissions", "user channel"] {
        assert_eq!(check(&report, name)["state"], "ok", "{report:#}");
    }
    assert_eq!(check(&report, "key")["state"], "warn", "a key in the environment is worth a word");
    assert!(check(&report, "money")["what"].as_str().unwrap().contains("10000 pUSD"));

    sandbox.change(&json!({ "clock_ahead_s": 30 }));
    only(&purse, "clock", &[" s behind the venue's", "places nothing new", "timedatectl"]);
    sandbox.change(&json!({ "clock_ahead_s": 0, "geoblocked": true }));
    only(&purse, "geoblock", &["takes no orders from here", "country ZZ"]);
    let refused = arena_as(&purse, &format!("run --live --confirm {ADDRESS}"), "").expect_code(1);
    assert!(refused.stderr.contains("takes no orders from here") && refused.stderr.contains("cancel-all"));
    assert!(!purse.path("data/live").exists(), "not even a log is begun");
    sandbox.change(&json!({ "geoblocked": false, "closed_only": true }));
    only(&purse, "standing", &["only close positions"]);
    sandbox.change(&json!({ "closed_only": false }));

    let config = replace(&purse, "[wallet]\n", "[wallet]\naccount = \"proxy\"\n");
    let report = doctor(&purse, 1);
    assert!(check(&report, "policy")["what"].as_str().unwrap().contains("no order of account type proxy"));
    let wallet = check(&report, "wallet");
    assert!(wallet["what"].as_str().unwrap().contains("10000 pUSD are in the key's eoa wallet"), "{wallet}");
    assert!(wallet["next"].as_str().unwrap().contains("set wallet.account = \"eoa\""), "{wallet}");
    purse.private("arena.toml", &config);

    let nobody = dead();
    for (key, name) in [("gamma_url", "catalogue"), ("clob_url", "order book")] {
        let path = if key == "gamma_url" { "/gamma-api" } else { "" };
        let url = &sandbox.url;
        let config = replace(&purse, &format!("{key} = \"{url}{path}\""), &format!("{key} = \"http://{nobody}\""));
        let report = doctor(&purse, 1);
        let found = check(&report, name);
        assert!(found["what"].as_str().unwrap().contains("takes no connection at port"), "{found}");
        purse.private("arena.toml", &config);
    }
    let config = replace(
        &purse,
        &format!("clob_url = \"{}\"", sandbox.url),
        &format!("clob_url = \"{}\"", sandbox.url.replace("http", "https")),
    );
    let report = doctor(&purse, 1);
    assert!(check(&report, "order book")["what"].as_str().unwrap().starts_with("TLS with 127.0.0.1 fails"));
    assert_eq!(check(&report, "login")["state"], "skip");
    purse.private("arena.toml", &config);
    // People read lines, not JSON.
    sandbox.change(&json!({ "geoblocked": true }));
    let said = arena_as(&purse, "doctor", "").expect_code(1);
    assert!(said.stdout.lines().any(|l| l.starts_with("FAIL  geoblock")), "{}", said.stdout);
    assert!(said.stdout.contains("next: trade from where"), "{}", said.stdout);
    assert!(said.stderr.contains("1 of "), "{}", said.stderr);
}

#[test]
fn a_wallet_that_is_not_there_and_one_that_allows_nothing() {
    let (_dir, recording) = recording();
    let sandbox = Sandbox::start(&recording, &["--unapproved"]);
    let purse = sandbox.purse("account = \"deposit\"");
    let report = doctor(&purse, 1);
    let wallet = check(&report, "wallet");
    assert!(wallet["what"].as_str().unwrap().contains("deposit wallet 0x"), "{wallet}");
    assert!(wallet["what"].as_str().unwrap().contains("not deployed"), "{wallet}");
    assert!(wallet["next"].as_str().unwrap().contains("polymarket.com"), "{wallet}");
    assert_eq!(check(&report, "permissions")["state"], "skip");

    sandbox.change(&json!({ "fund": { ADDRESS: "100" } }));
    let purse = sandbox.purse("");
    only(
        &purse,
        "permissions",
        &["lets these take nothing", "ExchangeV2 (pUSD for buy orders)", "arena wallet approve"],
    );
    let purse = sandbox.purse(&format!("account = \"safe\"\nfunder = \"{}\"", super::purse::FRIEND));
    let report = doctor(&purse, 1);
    let mine = report["checks"].as_array().unwrap().iter().filter(|c| c["name"] == "wallet").collect::<Vec<_>>();
    assert!(mine.iter().any(|c| c["what"].as_str().unwrap().contains("none of the wallets of")), "{mine:?}");
}

#[test]
fn a_feed_without_frames() {
    let (_dir, recording) = recording();
    let sandbox = Sandbox::start(&recording, &["--welcome", "100"]);
    let purse = sandbox.purse("");
    // Something that takes the connection and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = silent.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut open = Vec::new();
        while let Ok((stream, _)) = silent.accept() {
            open.push(stream);
        }
    });
    replace(&purse, &sandbox.url.replacen("http", "ws", 1), &format!("ws://{at}"));
    let report = doctor(&purse, 1);
    assert_eq!(failed(&report), ["websockets", "market data", "user channel"], "{report:#}");
    assert!(check(&report, "websockets")["what"].as_str().unwrap().contains("does not answer in time"));
    assert!(check(&report, "market data")["what"].as_str().unwrap().contains("in time"), "{report:#}");
}

#[test]
fn on_paper_nothing_that_is_missing_stops_it() {
    let purse = Purse::of("eoa", super::world::World::polygon());
    let nobody = dead();
    let config = format!(
        "[wallet]\nrpc_url = \"http://{nobody}\"\n[venue]\nclob_url = \"http://{nobody}\"\ngamma_url = \"http://{nobody}\"\n\
         data_url = \"http://{nobody}\"\nsocket_url = \"ws://{nobody}/ws\"\ngeoblock_url = \"http://{nobody}/\"\n"
    );
    purse.private("arena.toml", &config);
    let report = purse.arena(&["doctor", "--json"], "").expect_code(0).json();
    assert_eq!(failed(&report), Vec::<&str>::new());
    assert_eq!(check(&report, "order book")["state"], "warn");
    let key = check(&report, "key");
    assert!(key["state"] == "skip" && key["what"].as_str().unwrap().contains("paper trading needs none"), "{key}");
    // A disk that is fuller than the configuration allows stops paper trading too.
    let said = purse.arena_with(&["doctor", "--json"], "", &[("ARENA__LOG__MIN_FREE_MIB", "4000000000")]);
    assert_eq!(failed(&said.expect_code(1).json()), ["disk"]);
    purse.private("arena.toml", "[risk]\nkelly = 3\n");
    let report = purse.arena(&["doctor", "--json"], "").expect_code(4).json();
    assert!(check(&report, "configuration")["what"].as_str().unwrap().contains("unknown key"), "{report}");
}

#[test]
fn a_damaged_log_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("paper");
    let recording = super::command::fixture("polymarket-us-tob/compact/quotes.csv.zst");
    let run = format!("run --format polymarket-tob --recording {recording} --log {}", log.display());
    super::command::arena(&run).expect_code(0);
    let nobody = dead();
    let config = dir.path().join("arena.toml");
    let urls = ["clob_url", "gamma_url", "data_url", "geoblock_url"].map(|k| format!("{k} = \"http://{nobody}\"\n"));
    fs::write(&config, format!("[venue]\nsocket_url = \"ws://{nobody}\"\n{}", urls.concat())).unwrap();
    let run = || {
        let args = ["-c", config.to_str().unwrap(), "--data-dir", dir.path().to_str().unwrap(), "doctor", "--json"];
        let output = command("arena").args(args).output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let what = check(&run(), "log")["what"].as_str().unwrap().to_owned();
    assert!(what.contains("events, nobody writes it") && what.contains("arena verify --deep"), "{what}");
    for file in files(&log.join("segments")).into_iter().chain(files(&log.join("journal"))) {
        spoil(&file);
    }
    let report = run();
    let log = check(&report, "log");
    assert_eq!(log["state"], "fail", "{report:#}");
}

fn spoil(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    for at in 0..bytes.len().min(4096) {
        bytes[at] ^= 0x5a;
    }
    fs::write(file, bytes).unwrap();
}

#[test]
fn the_api_key_is_kept_encrypted_and_made_anew_when_it_is_refused() {
    let (_dir, recording) = recording();
    let sandbox = Sandbox::start(&recording, &["--welcome", "100"]);
    let purse = sandbox.trader();
    let kept = purse.path("data/wallet.api.age");
    let run = || purse.arena(&["doctor", "--json"], "").expect_code(0);
    let login = |done: &Done| check(&done.json(), "login")["what"].as_str().unwrap().to_owned();
    let first = run();
    assert!(login(&first).starts_with("the venue gave an API key"), "{}", login(&first));
    assert_eq!(fs::metadata(&kept).unwrap().mode() & 0o777, 0o600);
    let second = run();
    assert!(login(&second).starts_with("the stored API key is taken"), "{}", login(&second));
    // The venue forgets the key.
    let client = Client::new(&sandbox);
    assert_eq!(client.ask("DELETE", "/auth/api-key", "").0, 200);
    let before = fs::read(&kept).unwrap();
    let third = run();
    assert!(login(&third).starts_with("the venue gave an API key"), "{}", login(&third));
    assert!(third.stderr.contains("the venue refuses the stored API key"), "{}", third.stderr);
    assert_ne!(fs::read(&kept).unwrap(), before);
    assert!(login(&run()).starts_with("the stored API key is taken"));
    // A file that is damaged is no reason to stop, and the wrong password says so of the key.
    fs::write(&kept, b"not an age file").unwrap();
    let fourth = run();
    assert!(login(&fourth).starts_with("the venue gave an API key"), "{}", login(&fourth));
    assert!(fourth.stderr.contains("of no use"), "{}", fourth.stderr);
    purse.private("password", "another-password\n");
    let wrong = purse.arena(&["doctor", "--json"], "").expect_code(1).json();
    assert_eq!(failed(&wrong), ["key"]);
    assert!(check(&wrong, "key")["what"].as_str().unwrap().contains("the password does not open"), "{wrong:#}");
    // Not a byte of a secret anywhere.
    let now = Client::new(&sandbox).credentials;
    for secret in [client.credentials.secret.expose(), now.secret.expose(), now.passphrase.expose(), &KEY[2..]] {
        for done in [&first, &second, &third, &fourth] {
            assert!(!done.stdout.contains(secret) && !done.stderr.contains(secret));
        }
        for file in files(&purse.path("data")) {
            let bytes = fs::read(&file).unwrap();
            let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
            assert!(!found, "a secret is in {}", file.display());
        }
    }
}
