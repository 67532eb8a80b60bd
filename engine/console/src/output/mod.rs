//! What people and scripts read: data on standard output, everything else on standard error.

mod color;
mod table;

pub use color::{ColorWhen, Paint};
pub use table::{Format, Table};

use schemas::event::Mode;

/// The marker of what is at stake, in front of everything a person sees.
pub fn banner(mode: Option<Mode>, paint: Paint) -> String {
    match mode {
        Some(Mode::Live) => paint.alarm("[LIVE]"),
        Some(Mode::Backtest) => paint.calm("[BACKTEST]"),
        Some(Mode::Import) => paint.calm("[RECORDING]"),
        Some(Mode::Paper) | None => paint.calm("[PAPER]"),
    }
}

/// Text from outside, for a terminal: control characters and direction overrides are shown, not obeyed.
pub fn plain(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().map(|c| if hidden(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn escapes_of_titles_do_not_reach_the_terminal() {
        assert_eq!(super::plain("a\u{1b}[31mb\u{202e}c"), "a\u{fffd}[31mb\u{fffd}c");
    }
}
