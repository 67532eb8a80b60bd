//! Which given file plays which part, by what stands in its first line.

use super::lines::Lines;
use super::{Format, ImportError, Input, Source, compact_csv, field};
use std::path::{Path, PathBuf};

/// The part of a file in a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Ticks,
    Tokens,
    Quotes,
    Markets,
    MarketsShort,
    Resolutions,
    Stream,
    BinanceLines,
}

const HEADERS: [(Role, &str); 6] = [
    (Role::Ticks, "seq,recv_ts_ms,token,event,side,price,size,best_bid,best_ask"),
    (Role::Quotes, "seq,ts_ms,market,best_bid,best_ask"),
    (Role::Markets, "market,slug,event,question,category,n_polls_in_window,first_ts_utc,last_ts_utc"),
    (Role::MarketsShort, "market,slug"),
    (Role::Resolutions, "market,slug,resolved_yes"),
    (Role::Stream, "ts_ns,market,kind,side,price,size"),
];

impl Role {
    fn of(first_line: &[u8]) -> Option<Self> {
        if let Some((role, _)) = HEADERS.iter().find(|(_, columns)| compact_csv::is_header(first_line, columns)) {
            return Some(*role);
        }
        if first_line.trim_ascii_start().starts_with(b"{") {
            return Some(Self::Tokens);
        }
        let digits = first_line.iter().take_while(|b| b.is_ascii_digit()).count();
        (digits > 0 && first_line[digits..].starts_with(b" {")).then_some(Self::BinanceLines)
    }

    fn format(self) -> Format {
        match self {
            Self::Ticks | Self::Tokens => Format::PolymarketL2,
            Self::Quotes | Self::Markets | Self::MarketsShort | Self::Resolutions => Format::PolymarketTob,
            Self::Stream => Format::L2Csv,
            Self::BinanceLines => Format::BinanceFutures,
        }
    }

    fn what(self) -> &'static str {
        match self {
            Self::Ticks => "the table of ticks (ticks.csv)",
            Self::Tokens => "the list of tokens (tokens.json)",
            Self::Quotes => "the table of quotes (quotes.csv)",
            Self::Markets | Self::MarketsShort => "the table of markets (markets.csv)",
            Self::Resolutions => "the table of resolutions (resolutions.csv)",
            Self::Stream => "the stream (stream.csv)",
            Self::BinanceLines => "a file of stream lines",
        }
    }

    /// Markets come in a long and a short table, but there is one table of markets.
    fn same_part(self, other: Self) -> bool {
        let plain = |r| if r == Self::MarketsShort { Self::Markets } else { r };
        plain(self) == plain(other)
    }
}

fn expected(format: Format) -> String {
    let headers: Vec<_> =
        HEADERS.iter().filter(|(role, _)| role.format() == format).map(|(_, h)| format!("'{h}'")).collect();
    match format {
        Format::PolymarketL2 => format!("the header {} or a JSON object with \"tokens\"", headers.join(" or ")),
        Format::PolymarketTob | Format::L2Csv => format!("the header {}", headers.join(" or ")),
        Format::BinanceFutures => "lines of a time in nanoseconds, a space and a JSON object".to_owned(),
    }
}

/// A file whose part is known, standing at its first line.
pub(super) struct File {
    pub role: Role,
    pub input: Input,
    pub lines: Lines,
}

/// The files of one recording.
pub(super) struct Files {
    format: Format,
    list: Vec<File>,
    beside: Option<String>,
}

impl Files {
    /// Takes out the file of a part, if it was given.
    pub fn take(&mut self, role: Role) -> Option<File> {
        let at = self.list.iter().position(|f| f.role.same_part(role))?;
        Some(self.list.swap_remove(at))
    }

    /// The error for a part that the recording cannot do without.
    pub fn missing(&self, role: Role) -> ImportError {
        ImportError::Missing { format: self.format, what: role.what(), beside: self.beside.clone() }
    }

    /// All of them, in the order given.
    pub fn all(self) -> Vec<File> {
        self.list
    }
}

/// Opens the inputs, finds out what they are, and adds companions that lie beside a single one.
pub(super) fn gather(format: Format, inputs: Vec<Input>) -> Result<Files, ImportError> {
    if inputs.is_empty() {
        return Err(ImportError::NoInput(format));
    }
    let mut files = Files { format, list: Vec::new(), beside: None };
    let only = inputs.len() == 1;
    for input in inputs {
        add(&mut files, input)?;
    }
    if only && let Source::Path(path) = &files.list[0].input.source {
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        files.beside = Some(path.display().to_string());
        for companion in companions(format, files.list[0].role, &folder) {
            add(&mut files, Input::path(companion))?;
        }
    }
    Ok(files)
}

fn add(files: &mut Files, input: Input) -> Result<(), ImportError> {
    let lines = Lines::open(&input, files.format)?;
    let role = check(files.format, &lines)?;
    // Streams of several symbols or hours may come in several files; every other part is one file.
    let earlier = files.list.iter().find(|f| f.role.same_part(role) && role != Role::BinanceLines);
    if let Some(first) = earlier {
        let (first, second) = (first.input.name.clone(), input.name);
        return Err(ImportError::Twice { format: files.format, what: role.what(), first, second });
    }
    files.list.push(File { role, input, lines });
    Ok(())
}

fn check(format: Format, lines: &Lines) -> Result<Role, ImportError> {
    let role = Role::of(lines.text());
    let wrong = |looks_like| ImportError::WrongFormat {
        file: lines.name().to_owned(),
        format,
        expected: expected(format),
        found: field::shown(&String::from_utf8_lossy(lines.text())),
        looks_like,
    };
    match role {
        Some(Role::BinanceLines) if format == Format::BinanceFutures && !is_json_line(lines.text()) => Err(wrong(None)),
        Some(role) if role.format() == format => Ok(role),
        // Much JSON begins with a brace; only a list of tokens is worth a hint.
        Some(Role::Tokens) if !lines.text().windows(8).any(|w| w == b"\"tokens\"") => Err(wrong(None)),
        other => Err(wrong(other.map(Role::format))),
    }
}

fn is_json_line(line: &[u8]) -> bool {
    let digits = line.iter().take_while(|b| b.is_ascii_digit()).count();
    serde_json::from_slice::<serde::de::IgnoredAny>(&line[digits..]).is_ok()
}

/// Companions of a single given file that really lie beside it.
fn companions(format: Format, role: Role, folder: &Path) -> Vec<PathBuf> {
    let stems: &[&str] = match (format, role) {
        (Format::PolymarketL2, Role::Ticks) => &["tokens.json"],
        (Format::PolymarketTob, Role::Quotes) => &["markets.csv", "resolutions.csv"],
        _ => &[],
    };
    let named = |stem: &&str| {
        let names = [(*stem).to_owned(), format!("{stem}.gz"), format!("{stem}.zst")];
        names.into_iter().map(|name| folder.join(name)).find(|path| path.is_file())
    };
    stems.iter().filter_map(named).collect()
}
