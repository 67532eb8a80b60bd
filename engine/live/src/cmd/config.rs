//! `arena config`: check it, show it, describe it.

use super::Global;
use crate::config::AppConfig;
use crate::exit::{Code, Outcome};
use clap::{Args, Subcommand};
use console::output::{Format, Table};
use console::print;

/// Arguments.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// What to do.
    #[command(subcommand)]
    pub what: What,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Is it valid? Exit code 4 if not
    Check,
    /// Every key and its value
    Show {
        /// And where each value comes from
        #[arg(long)]
        origin: bool,
    },
    /// A JSON Schema of it, for editors
    Schema,
}

/// Runs it.
pub fn run(global: &Global, args: &ConfigArgs) -> Outcome {
    match args.what {
        What::Schema => print(&serde_json::to_string_pretty(&schemars::schema_for!(AppConfig))?),
        What::Check => {
            let loaded = global.load()?;
            let set = loaded.settings.values().filter(|s| s.origin != crate::config::Origin::Default).count();
            if global.format() == Format::Json {
                return print(&serde_json::json!({ "valid": true, "overrides": set }).to_string());
            }
            if !global.quiet {
                eprintln!(
                    "the configuration is valid; {set} of {} keys are set, the others have their defaults",
                    loaded.settings.len()
                );
            }
            Ok(Code::Ok)
        }
        What::Show { origin } => show(global, origin),
    }
}

fn show(global: &Global, origin: bool) -> Outcome {
    let loaded = global.load()?;
    if global.format() == Format::Json && !origin {
        return print(&serde_json::to_string_pretty(&loaded.config)?);
    }
    let columns: &[&'static str] = if origin { &["key", "value", "origin"] } else { &["key", "value"] };
    let mut t = Table::new(columns);
    for (key, setting) in &loaded.settings {
        let value = match &setting.value {
            serde_json::Value::String(s) => s.clone(),
            other => other.to_string(),
        };
        let mut row = vec![key.clone(), value];
        if origin {
            row.push(setting.origin.to_string());
        }
        t.row(row);
    }
    print(&t.render(global.format()))
}
