//! Colours, where they help and are wanted: `NO_COLOR`, `--color`, and whether a person is looking.

use anstyle::{AnsiColor, Style};
use std::io::IsTerminal;

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Paints, or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint(bool);

impl Paint {
    /// For standard output.
    pub fn stdout(when: ColorWhen) -> Self {
        Self::decide(when, std::io::stdout().is_terminal())
    }

    /// For standard error.
    pub fn stderr(when: ColorWhen) -> Self {
        Self::decide(when, std::io::stderr().is_terminal())
    }

    fn decide(when: ColorWhen, terminal: bool) -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        Self(match when {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => terminal && !unwanted,
        })
    }

    /// Whether there are colours.
    pub fn is_on(self) -> bool {
        self.0
    }

    fn wrap(self, style: Style, text: &str) -> String {
        if self.0 { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    /// Real money, damage.
    pub fn alarm(self, text: &str) -> String {
        self.wrap(AnsiColor::Red.on_default().bold(), text)
    }

    /// Simulated, ordinary.
    pub fn calm(self, text: &str) -> String {
        self.wrap(AnsiColor::Cyan.on_default(), text)
    }

    /// Well done.
    pub fn good(self, text: &str) -> String {
        self.wrap(AnsiColor::Green.on_default(), text)
    }

    /// Lost, refused.
    pub fn bad(self, text: &str) -> String {
        self.wrap(AnsiColor::Red.on_default(), text)
    }

    /// A heading.
    pub fn strong(self, text: &str) -> String {
        self.wrap(Style::new().bold(), text)
    }
}
