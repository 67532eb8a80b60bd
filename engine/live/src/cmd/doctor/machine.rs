//! This machine: configuration, data directory, disk, log.

use super::Doctor;
use crate::config::Origin;
use crate::engine::{Request, ask, free_bytes};
use eventlog::LogReader;
use schemas::event::KillLevel;
use std::path::{Path, PathBuf};

impl Doctor<'_> {
    pub(super) fn configuration(&mut self) {
        let files = self.global.config.len();
        let set = self.loaded.settings.values().filter(|s| s.origin != Origin::Default).count();
        let mode = if self.live { "live" } else { "paper" };
        let what = format!("mode {mode}, {set} keys set, {files} files");
        if self.live && files == 0 {
            let next = "name a file with -c: ops/arena.toml has every key";
            return self.warn("configuration", format!("{what}: everything comes from the environment"), next);
        }
        self.ok("configuration", what);
        if self.loaded.config.core.risk.kill_switch {
            self.warn(
                "kill switch",
                "risk.kill_switch is set: a run starts without new risk",
                "take it out of the configuration, if trading is meant",
            );
        }
    }

    pub(super) fn data_directory(&mut self) {
        let dir = self.data_dir.clone();
        let there = existing(&dir);
        let probe = there.join(format!(".arena-doctor-{}", std::process::id()));
        let written = std::fs::write(&probe, b"x").and_then(|()| std::fs::remove_file(&probe));
        match written {
            Ok(()) if there == dir => self.ok("data directory", format!("{} can be written", dir.display())),
            Ok(()) => self.ok("data directory", format!("{} will be made at the first run", dir.display())),
            Err(e) => {
                let what = format!("{} cannot be written: {e}", there.display());
                self.fail(
                    "data directory",
                    what,
                    "name another with --data-dir or data_dir, or mend its owner and mode",
                );
            }
        }
    }

    pub(super) fn disk(&mut self) {
        let dir = existing(&self.data_dir);
        let limit = u64::from(self.loaded.config.log.min_free_mib);
        match free_bytes(&dir) {
            Some(free) if free >> 20 < limit => {
                let what =
                    format!("{} MiB are free, below log.min_free_mib = {limit}: no new risk is taken", free >> 20);
                self.fail("disk", what, "make room: `arena maintain` seals and prunes, `arena backup` first");
            }
            Some(free) if free >> 20 < limit.saturating_mul(2) => {
                let what = format!("{} MiB are free; below {limit} no new risk is taken", free >> 20);
                self.warn("disk", what, "make room soon");
            }
            Some(free) => self.ok("disk", format!("{} MiB are free", free >> 20)),
            None => self.warn("disk", "how much is free is not known", "look with `df`"),
        }
    }

    pub(super) fn log(&mut self) {
        let log = self.data_dir.join(if self.live { "live" } else { "paper" });
        if !eventlog::exists(&log) {
            return self.skip("log", format!("{}: none yet", log.display()));
        }
        let running = ask(&log, &Request::View).is_ok();
        let read = LogReader::open(&log).and_then(|reader| reader.last());
        let head = match read {
            Ok(head) => head,
            Err(e) => {
                let next = format!(
                    "`arena verify {} --deep` shows everything that is wrong; `arena restore` brings a backup back",
                    log.display()
                );
                return self.fail("log", format!("{}: {e}", log.display()), next);
            }
        };
        let state = match crate::cmd::query::fold(&log) {
            Ok(state) => state,
            Err(e) => return self.add("log", super::State::Fail, e.what, e.next),
        };
        let how = if running { "an engine writes it" } else { "nobody writes it" };
        let what = format!("{}: {} events, {how}; `arena verify --deep` looks at every byte", log.display(), head.seq);
        self.ok("log", what);
        if state.kill.level != KillLevel::Off {
            let what = format!("the kill switch of the log is at {}", console::words::word(&state.kill.level));
            let next = format!("when the cause is gone: `arena kill off --log {}`", log.display());
            self.warn("kill switch", what, next);
        }
    }
}

/// The directory, or the nearest above it that is there.
fn existing(dir: &Path) -> PathBuf {
    let found = dir.ancestors().find(|d| d.is_dir());
    match found {
        Some(found) if !found.as_os_str().is_empty() => found.to_owned(),
        _ => PathBuf::from("."),
    }
}
