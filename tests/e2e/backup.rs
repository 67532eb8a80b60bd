//! Backups with the real commands: made, listed, checked, restored, drilled, and what goes wrong with them.

use crate::command::{Done, arena, command, fixture, replay, run};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

/// A log of a paper run over the small recording, made once for all tests here; each gets a copy.
fn sample() -> &'static Path {
    static LOG: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, log) = LOG.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let input = fixture("bench-stream/stream_head.csv.gz");
        let line = format!("run --quiet --format l2-csv --recording {input} --log {}", log.display());
        arena(&line).expect_code(0);
        (dir, log)
    });
    log
}

/// A log, a target and room for restores.
struct Home {
    dir: tempfile::TempDir,
    log: PathBuf,
    target: PathBuf,
}

impl Home {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (log, target) = (dir.path().join("log"), dir.path().join("target"));
        copy(sample(), &log);
        Self { log, target, dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn backup(&self) -> Value {
        self.arena("backup TARGET --log LOG --json").expect_code(0).json()
    }

    /// `arena` with the words TARGET, LOG and HOME replaced.
    fn arena(&self, line: &str) -> Done {
        let replaced = |word: &str| {
            word.replace("TARGET", &self.target.display().to_string())
                .replace("LOG", &self.log.display().to_string())
                .replace("HOME", &self.dir.path().display().to_string())
        };
        run("arena", &line.split_whitespace().map(replaced).collect::<Vec<_>>())
    }

    /// The files in the folder of the one log at the target.
    fn objects(&self, folder: &str) -> Vec<PathBuf> {
        let id = fs::read_dir(&self.target).unwrap().map(|e| e.unwrap()).find(|e| e.file_name().len() == 32).unwrap();
        let Ok(entries) = fs::read_dir(id.path().join(folder)) else { return Vec::new() };
        let mut files: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
        files.sort();
        files
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else if from.is_file() {
            fs::copy(&from, &to).unwrap();
        }
    }
}

fn overwrite(path: &Path, bytes: &[u8]) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(path, bytes).unwrap();
}

fn head(log: &Path) -> Value {
    let report = replay(&format!("verify --json {}", log.display())).json();
    assert_eq!(report["clean"], true, "{report}");
    report["head_hash"].clone()
}

#[test]
fn there_and_back_again() {
    let home = Home::new();
    let first = home.backup();
    assert_eq!(first["uploaded_objects"], first["objects"]);
    let again = home.backup();
    assert_eq!(again["uploaded_bytes"], 0, "nothing is new: {again}");
    let listed = home.arena("backups TARGET --json").expect_code(0).json();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!(listed[1]["state"], "whole");
    let verified = home.arena("verify TARGET --deep --json").expect_code(0).json();
    assert_eq!((&verified["clean"], &verified["good"]), (&Value::Bool(true), &verified["objects"]));
    let key = first["signed_by"].as_str().unwrap();
    let restored = home.arena(&format!("restore TARGET --log HOME/new --deep --json --public-key {key}"));
    let restored = restored.expect_code(0).json();
    assert_eq!(restored["head_hash"], first["head_hash"]);
    assert_eq!(head(&home.path("new")), head(&home.log));
    // The state is the same too, and the restored log is as good as the first.
    replay(&format!("check --quiet {}", home.path("new").display())).expect_code(0);
    let status = |log: &Path| {
        let mut json = arena(&format!("status --json --log {}", log.display())).json();
        json["log"].take();
        json
    };
    assert_eq!(status(&home.path("new")), status(&home.log));
}

#[test]
fn the_drill_proves_equal_states_and_finds_another_history() {
    let home = Home::new();
    home.backup();
    let drill = "drill TARGET --log LOG --scratch HOME/scratch --json";
    let report = home.arena(drill).expect_code(0).json();
    assert_eq!(report["equal"], true);
    assert_eq!(report["restored_state_hash"], report["log_state_hash"]);
    assert_eq!(fs::read_dir(home.path("scratch")).unwrap().count(), 0, "the drill cleans up");
    // The log grows; the drill compares at the backup's head.
    home.arena("kill on --log LOG").expect_code(0);
    let later = home.arena(drill).expect_code(0).json();
    assert_eq!((&later["equal"], &later["head_seq"]), (&Value::Bool(true), &report["head_seq"]));
    // Another log of the same name, with the same beginning and another end.
    fs::remove_dir_all(&home.log).unwrap();
    copy(sample(), &home.log);
    home.arena("kill off --log LOG");
    home.arena("kill on --log LOG").expect_code(0);
    let grown = home.arena("backup TARGET --log LOG --json").expect_code(0).json();
    fs::remove_dir_all(&home.log).unwrap();
    copy(sample(), &home.log);
    for _ in 0..3 {
        home.arena("kill on --log LOG").expect_code(0);
    }
    let bad = home.arena(drill).expect_code(7);
    assert!(bad.stderr.contains(grown["id"].as_str().unwrap()) && bad.stderr.contains("next:"), "{}", bad.stderr);
    let refused = home.arena("backup TARGET --log LOG").expect_code(7);
    assert!(refused.stderr.contains("does not belong here"), "{}", refused.stderr);
}

#[test]
fn killed_at_random_moments_nothing_is_lost_and_the_next_backup_goes_on() {
    let home = Home::new();
    let mut finished = 0;
    for n in 0..12u64 {
        let mut child = command("arena")
            .args(["backup", home.target.to_str().unwrap(), "--quiet", "--log", home.log.to_str().unwrap()])
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(7 * n));
        // One that has ended by itself is no longer there to be killed.
        let _ = child.kill();
        finished += u32::from(child.wait().unwrap().success());
        let listed = home.arena("backups TARGET --json");
        if listed.code == 0 {
            assert!(listed.json().as_array().unwrap().iter().all(|b| b["state"] == "whole"), "{}", listed.stdout);
        } else {
            assert!(listed.code == 2 && listed.stderr.contains("is not a backup"), "{}", listed.stderr);
        }
        assert!(finished == 0 || listed.code == 0);
    }
    home.backup();
    let leftovers = home.target.join(".unfinished");
    assert_eq!(fs::read_dir(leftovers).unwrap().count(), 0, "what dead processes left is gone");
    home.arena("restore TARGET --log HOME/new").expect_code(0);
    assert_eq!(head(&home.path("new")), head(&home.log));
}

#[test]
fn the_configuration_travels_without_its_secrets() {
    let home = Home::new();
    // No key of this release holds a secret; the file's own name does not matter, what is in it does.
    fs::write(home.path("my.toml"), "[risk]\nmax_open_positions = 3\n# venue_api_key = \"sk-hidden\"\n").unwrap();
    home.arena("backup TARGET --log LOG -c HOME/my.toml").expect_code(0);
    let report = home.arena("restore TARGET --log HOME/new --json").expect_code(0).json();
    let text = fs::read_to_string(report["config"][0].as_str().unwrap()).unwrap();
    assert!(text.contains("max_open_positions = 3") && !text.contains("sk-hidden"), "{text}");
}

#[test]
fn bad_input_names_file_reason_and_next_step() {
    let home = Home::new();
    let check = |done: Done, code: i32, words: &[&str]| {
        let done = done.expect_code(code);
        for word in words.iter().chain(&["next:"]) {
            assert!(done.stderr.contains(word), "{word}: {}", done.stderr);
        }
        assert!(!home.path("new").exists(), "no half log is left behind");
    };
    let restore = || home.arena("restore TARGET --log HOME/new");
    check(restore(), 2, &["target", "is not a backup", "does not exist"]);
    check(home.arena("backups TARGET"), 2, &["is not a backup"]);
    check(home.arena("verify TARGET"), 2, &["neither a log nor a target"]);
    check(home.arena("backup TARGET --log HOME/nothing"), 2, &["nothing", "does not exist"]);
    check(home.arena("drill TARGET --log LOG --scratch HOME/scratch"), 2, &["is not a backup"]);
    check(home.arena("backup /sys/arena-target --log LOG"), 1, &["no permission to", "/sys/arena-target"]);
    check(home.arena("backup LOG/backups --log LOG"), 2, &["lies inside the log"]);
    check(home.arena("backup gopher://x --log LOG"), 2, &["no targets that are URLs"]);
    let id = home.backup()["id"].as_str().unwrap().to_owned();
    let wrong = format!("02{}", "ab".repeat(32));
    check(
        home.arena(&format!("restore TARGET --log HOME/new --public-key {wrong}")),
        7,
        &["is signed with key", &wrong],
    );
    check(home.arena("restore TARGET --log HOME/new --backup 20000101T000000.000Z-1"), 2, &["20000101"]);
    check(home.arena("restore TARGET --log HOME/new --at 2000-01-01"), 2, &["2000-01-01"]);
    check(home.arena("restore TARGET --log LOG"), 2, &["is not empty"]);
    check(home.arena("restore TARGET --log /sys/arena-log"), 1, &["no permission to", "/sys/arena-log"]);
    assert!(restore().expect_code(0).stderr.contains("signed with this machine's key"));
    fs::remove_dir_all(home.path("new")).unwrap();
    // A segment that is damaged, that is another log's, that is missing.
    let segments = home.objects("segments");
    let tails = home.objects("tails");
    let victim = segments.first().or(tails.first()).unwrap();
    let good = fs::read(victim).unwrap();
    let name = victim.file_name().unwrap().to_string_lossy().into_owned();
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 1;
    overwrite(victim, &bad);
    check(restore(), 7, &[&name, "is damaged", "BLAKE3"]);
    check(home.arena("verify TARGET"), 7, &[&name]);
    fs::remove_file(victim).unwrap();
    check(restore(), 7, &[&name, "only half there", &id]);
    check(home.arena("backups TARGET"), 7, &["are missing", &id]);
    fs::write(victim, &good).unwrap();
    // A manifest that is newer, that was changed, that is no manifest.
    let manifest = &home.objects("manifests")[0];
    let good = fs::read_to_string(manifest).unwrap();
    overwrite(manifest, good.replace("\"format\": 1", "\"format\": 9").as_bytes());
    check(restore(), 1, &[&id, "format 9", "release"]);
    overwrite(manifest, good.replace("\"made_by\": \"alpha", "\"made_by\": \"omega").as_bytes());
    check(restore(), 7, &[&id, "changed after it was signed"]);
    overwrite(manifest, b"hello");
    check(restore(), 7, &[&id, "cannot be used"]);
    overwrite(manifest, good.as_bytes());
    restore().expect_code(0);
}

#[test]
fn a_full_disk_stops_a_backup_and_a_restore_and_both_go_on_later() {
    let home = Home::new();
    // A file may have 256 KiB, which is less than the log's first segment or tail.
    let limited = |line: &str| {
        let arena = command("arena").get_program().to_owned();
        let script = format!("trap '' XFSZ; ulimit -f 256; exec {} {line}", arena.to_string_lossy());
        let mut shell = std::process::Command::new("bash");
        let data = concat!(env!("CARGO_TARGET_TMPDIR"), "/data");
        let output = shell.args(["-c", &script]).env("XDG_DATA_HOME", data).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (log, target) = (home.log.display(), home.target.display());
    let (code, text) = limited(&format!("backup {target} --log {log}"));
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("no space left"), "{text}");
    home.backup();
    let new = home.path("new");
    let (code, text) = limited(&format!("restore {target} --log {}", new.display()));
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("no space left") && !new.exists(), "{text}");
    home.arena("restore TARGET --log HOME/new").expect_code(0);
    assert_eq!(head(&new), head(&home.log));
}

/// The steps of a maintenance and how each ended.
fn steps(done: Done) -> Vec<(String, String)> {
    let word = |v: &Value| v.as_str().unwrap().to_owned();
    done.json()["steps"].as_array().unwrap().iter().map(|s| (word(&s["step"]), word(&s["state"]))).collect()
}

fn done(names: &[&str]) -> Vec<(String, String)> {
    names.iter().map(|n| ((*n).to_owned(), "done".to_owned())).collect()
}

#[test]
fn maintenance_of_a_log_at_rest() {
    let home = Home::new();
    let found = steps(home.arena("maintain --log LOG --json --rebuild-hot --remove-damaged --deep").expect_code(0));
    assert_eq!(found, done(&["seal", "rebuild the hot copy", "compress", "remove damaged files", "check"]));
    assert!(!fs::read_dir(&home.log).unwrap().any(|e| e.unwrap().path().to_string_lossy().contains("damaged")));
    // What is archived goes, when asked for; what is not stays.
    let absent = home.arena("maintain --log LOG --prune-archived TARGET --keep-segments 0").expect_code(2);
    assert!(absent.stderr.contains("is not a backup"), "{}", absent.stderr);
    home.backup();
    let found = steps(home.arena("maintain --log LOG --json --prune-archived TARGET --keep-segments 0").expect_code(0));
    assert_eq!(found, done(&["seal", "compress", "prune", "check"]));
    assert!(home.log.join("pruned").exists());
    home.arena("status --log LOG").expect_code(0);
    let report = home.arena("drill TARGET --log LOG --scratch HOME/scratch --json").expect_code(0).json();
    assert!(report["log_folded_from"].as_str().unwrap().contains("snapshot"), "{report}");
    home.arena("restore TARGET --log HOME/new --deep").expect_code(0);
}

/// A process that does not outlive its test.
struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn beside_a_running_engine() {
    let dir = tempfile::tempdir().unwrap();
    let input = fixture("bench-stream/stream_head.csv.gz");
    let (log, target) = (dir.path().join("log").display().to_string(), dir.path().join("target").display().to_string());
    let engine = command("arena")
        .args(["run", "--quiet", "--speed", "4", "--format", "l2-csv", "--recording", &input, "--log", &log])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let engine = Running(engine);
    let is_up = || {
        let status = arena(&format!("status --json --log {log}"));
        status.code == 0 && status.json()["running"] == true && status.json()["seq"].as_u64() > Some(0)
    };
    let wait = |_| {
        std::thread::sleep(Duration::from_millis(100));
        is_up()
    };
    assert!((0..100).any(wait), "it runs");
    // Its own part is left to it; what was asked for by name is refused with a reason.
    let found = steps(arena(&format!("maintain --json --log {log}")).expect_code(0));
    assert_eq!(found[0], ("seal".to_owned(), "left".to_owned()));
    assert_eq!(found[1..], done(&["compress", "check"]));
    let refused = arena(&format!("maintain --rebuild-hot --log {log}")).expect_code(1);
    assert!(refused.stderr.contains("while the log is in use by"), "{}", refused.stderr);
    arena(&format!("backup {target} --log {log}")).expect_code(0);
    let drill = format!("drill {target} --log {log} --scratch {}", dir.path().join("scratch").display());
    arena(&drill).expect_code(0);
    assert!(is_up(), "and it runs on");
    drop(engine);
}

/// What the units of `ops/systemd` run, with the places replaced: every one must be a command that works.
#[test]
fn the_timers_run_commands_that_work() {
    let home = Home::new();
    let units = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../ops/systemd"));
    let mut names: Vec<String> = fs::read_dir(units)
        .unwrap()
        .filter_map(|e| e.unwrap().file_name().to_string_lossy().strip_suffix(".timer").map(str::to_owned))
        .collect();
    names.sort();
    assert_eq!(names, ["arena-backup", "arena-drill", "arena-maintain", "arena-verify"]);
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/../ops/arena.toml");
    let data = home.dir.path().display().to_string();
    for name in names {
        let text = fs::read_to_string(units.join(format!("{name}.service"))).unwrap();
        let lines: Vec<&str> = text.lines().filter_map(|l| l.strip_prefix("ExecStart=/usr/local/bin/arena ")).collect();
        assert!(!lines.is_empty(), "{name}");
        let keep = text.lines().find_map(|l| l.strip_prefix("Environment=ARENA_BACKUP_KEEP_DAYS="));
        assert_eq!(keep, (name == "arena-backup").then_some("90"));
        for line in lines {
            let line = line
                .replace("/etc/alpha-arena/arena.toml", config)
                .replace("/var/lib/alpha-arena", &data)
                .replace("/var/tmp", &home.path("scratch").display().to_string())
                .replace("${LOG_DIR}", &home.log.display().to_string())
                .replace("${ARENA_BACKUP_TARGET}", &home.target.display().to_string());
            let mut command = command("arena");
            let output =
                command.args(line.split_whitespace()).env("ARENA_BACKUP_TARGET", &home.target).output().unwrap();
            let text = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(0), "{name}: arena {line}: {text}");
        }
    }
}
