//! `arena backup` and `arena backups`.

use super::Global;
use super::target::{Bar, TargetArgs, existing, signer};
use crate::exit::{Code, Failure, Outcome, backup_failure};
use backup::{BackupOptions, BackupReport, Catalog, Manifest, Sealer};
use clap::Args;
use console::integrity::public_key;
use console::output::{Format, Table, plain};
use console::print;
use eventlog::{PublicKey, hex};
use serde_json::json;
use std::path::PathBuf;

/// Arguments of `backup`.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// Where to.
    #[command(flatten)]
    pub target: TargetArgs,
    /// The log [default: the paper log of the data directory]
    #[arg(long, value_name = "DIR")]
    pub log: Option<PathBuf>,
    /// Delete backups older than so many days (0: never); segments that only the target has are always kept
    #[arg(long, value_name = "N", default_value_t = 30, env = "ARENA_BACKUP_KEEP_DAYS")]
    pub keep_days: u32,
    /// Encrypt for this age recipient (age1...); may be given several times
    #[arg(long, value_name = "RECIPIENT", env = "ARENA_BACKUP_RECIPIENT", value_delimiter = ',')]
    pub recipient: Vec<String>,
    /// Encrypt with the passphrase in the first line of this file
    #[arg(long, value_name = "FILE", env = "ARENA_BACKUP_PASSPHRASE_FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Also build upon backups signed with this key: one that was replaced since
    #[arg(long, value_name = "HEX", value_parser = public_key)]
    pub also_trust: Vec<PublicKey>,
}

/// Runs `backup`.
pub fn run(global: &Global, args: &BackupArgs) -> Outcome {
    let log = existing(global, args.log.as_deref())?;
    let store = args.target.open()?;
    let sealer = Sealer::new(&args.recipient, args.passphrase_file.as_deref()).map_err(backup_failure)?;
    let (config, mut notes) = configuration(global);
    let signer = signer(global)?;
    let options = BackupOptions {
        log: &log,
        store: &*store,
        signer: &signer,
        also_trust: args.also_trust.clone(),
        sealer,
        config,
        keep_days: args.keep_days,
        now: backup::clock::now(),
    };
    let mut bar = Bar::new(global);
    let done = backup::backup(options, &mut bar);
    drop(bar);
    let report = done.map_err(backup_failure)?;
    notes.extend(report.notes.clone());
    show(global, &report, &notes, &hex(&signer.public_key()))
}

/// The configuration files that were named, without secrets.
fn configuration(global: &Global) -> (Vec<(String, Vec<u8>)>, Vec<String>) {
    let (mut files, mut notes) = (Vec::new(), Vec::new());
    for (at, path) in global.config.iter().enumerate() {
        let text = std::fs::read_to_string(path).map_err(|e| e.to_string());
        match text.and_then(|text| crate::config::without_secrets(&text)) {
            Ok(text) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                // Two files of one name must not fall on each other.
                let number = if at == 0 { String::new() } else { format!("{at}-") };
                files.push((format!("{number}{name}"), text.into_bytes()));
            }
            Err(reason) => notes.push(format!("{} is not in the backup: {reason}", path.display())),
        }
    }
    (files, notes)
}

fn show(global: &Global, report: &BackupReport, notes: &[String], key: &str) -> Outcome {
    let m = &report.manifest;
    if global.format() == Format::Json {
        return print(
            &json!({
                "id": m.id,
                "manifest": report.place,
                "log_id": m.log_id,
                "head_seq": m.head.seq,
                "head_hash": m.head.chain,
                "objects": m.objects.len(),
                "stored_bytes": m.stored_len(),
                "uploaded_objects": report.uploaded,
                "uploaded_bytes": report.uploaded_len,
                "deleted_backups": report.deleted_backups,
                "deleted_objects": report.deleted_objects,
                "signed_by": key,
                "notes": notes,
            })
            .to_string(),
        );
    }
    let mut t = Table::new(&["figure", "value"]);
    let mut row = |name: &str, value: String| t.row(vec![name.to_owned(), value]);
    row("backup", m.id.clone());
    row("log", m.log_id.clone());
    row("head", format!("{} {}", m.head.seq, m.head.chain));
    row("objects", format!("{}, {} bytes", m.objects.len(), m.stored_len()));
    row("uploaded", format!("{}, {} bytes", report.uploaded, report.uploaded_len));
    row("deleted", format!("{} old backups, {} objects", report.deleted_backups.len(), report.deleted_objects));
    row("manifest", report.place.clone());
    row("signed by", key.to_owned());
    print(&t.render(global.format()))?;
    for note in notes.iter().filter(|_| !global.quiet) {
        eprintln!("{}", plain(note));
    }
    Ok(Code::Ok)
}

/// Arguments of `backups`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Where they are.
    #[command(flatten)]
    pub target: TargetArgs,
}

/// Runs `backups`: every backup of every log, oldest first, and the manifests that cannot be used.
pub fn list(global: &Global, args: &ListArgs) -> Outcome {
    let store = args.target.open()?;
    // People see the first digits of a key, programs all of them; the time is in the backup's name.
    let digits = if global.format() == Format::Table { 16 } else { usize::MAX };
    let columns = ["backup", "log", "events", "objects", "bytes", "new_bytes", "state", "signed_by"];
    let mut t = Table::new(&columns).numbers(&["events", "objects", "bytes", "new_bytes"]);
    let mut bad: Option<Failure> = None;
    for id in Catalog::logs(&*store).map_err(backup_failure)? {
        let catalog = Catalog::read(&*store, id).map_err(backup_failure)?;
        let mut before: Option<&Manifest> = None;
        for found in &catalog.backups {
            let m = found.manifest();
            let missing = catalog.missing(m).len();
            if missing > 0 {
                let what = format!("{} of {} objects of backup {} are missing", missing, m.objects.len(), m.id);
                bad = Some(Failure::new(Code::Integrity, what).next("`arena verify TARGET --backup ID` names them"));
            }
            let known = |o: &&backup::Object| before.is_none_or(|b| b.objects.iter().all(|p| p.key != o.key));
            let new: u64 = m.objects.iter().filter(known).map(|o| o.stored_len).sum();
            t.row(vec![
                m.id.clone(),
                m.log_id.clone(),
                m.head.seq.to_string(),
                m.objects.len().to_string(),
                m.stored_len().to_string(),
                new.to_string(),
                if missing == 0 { "whole".to_owned() } else { format!("{missing} missing") },
                found.signed.public_key.chars().take(digits).collect(),
            ]);
            before = Some(m);
        }
        for unusable in catalog.unusable {
            bad = Some(backup_failure(unusable.error));
            let mut row = vec![unusable.id, hex(&id)];
            row.resize(columns.len() - 2, String::new());
            row.extend(["unusable".to_owned(), String::new()]);
            t.row(row);
        }
    }
    print(&t.render(global.format()))?;
    bad.map_or(Ok(Code::Ok), Err)
}
