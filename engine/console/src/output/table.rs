//! One table, four ways to write it.

use comfy_table::{CellAlignment, ContentArrangement, presets};
use serde_json::{Map, Value};

/// How tables are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// One JSON array of objects.
    Json,
    /// Comma-separated, RFC 4180.
    Csv,
    /// A Markdown table.
    Markdown,
}

/// Rows under named columns.
#[derive(Clone, Debug, Default)]
pub struct Table {
    columns: Vec<(&'static str, bool)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Columns of text.
    pub fn new(columns: &[&'static str]) -> Self {
        Self { columns: columns.iter().map(|c| (*c, false)).collect(), rows: Vec::new() }
    }

    /// Aligns the named columns to the right.
    pub fn numbers(mut self, names: &[&str]) -> Self {
        for (name, right) in &mut self.columns {
            *right |= names.contains(name);
        }
        self
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells.iter().map(|c| super::plain(c)).collect());
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// As text.
    pub fn render(&self, format: Format) -> String {
        match format {
            Format::Table => self.for_people(),
            Format::Json => Value::Array(self.objects().collect()).to_string(),
            Format::Csv => self.lines(",", "", csv_cell, false),
            Format::Markdown => self.lines(" | ", "|", |c| c.replace('|', "\\|"), true),
        }
    }

    fn objects(&self) -> impl Iterator<Item = Value> + '_ {
        self.rows.iter().map(|row| {
            let pairs =
                self.columns.iter().zip(row).map(|((name, _), cell)| ((*name).to_owned(), Value::String(cell.clone())));
            Value::Object(Map::from_iter(pairs))
        })
    }

    fn for_people(&self) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(self.columns.iter().map(|(name, _)| name.replace('_', " ")));
        for row in &self.rows {
            table.add_row(row);
        }
        for (i, (_, right)) in self.columns.iter().enumerate() {
            if let Some(column) = table.column_mut(i)
                && *right
            {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.to_string()
    }

    fn lines(&self, between: &str, around: &str, cell: fn(&str) -> String, ruled: bool) -> String {
        let pad = if around.is_empty() { "" } else { " " };
        let line = |cells: Vec<String>| format!("{around}{pad}{}{pad}{around}", cells.join(between));
        let mut out = vec![line(self.columns.iter().map(|(n, _)| cell(n)).collect())];
        if ruled {
            let rule = self.columns.iter().map(|(_, right)| if *right { "---:" } else { "---" }.to_owned());
            out.push(line(rule.collect()));
        }
        out.extend(self.rows.iter().map(|row| line(row.iter().map(|c| cell(c)).collect())));
        out.join("\n")
    }
}

fn csv_cell(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_ways() {
        let mut t = Table::new(&["market", "size"]).numbers(&["size"]);
        t.row(vec!["a,\"b\"|c".to_owned(), "1.5".to_owned()]);
        assert_eq!(t.render(Format::Csv), "market,size\n\"a,\"\"b\"\"|c\",1.5");
        assert_eq!(t.render(Format::Markdown), "| market | size |\n| --- | ---: |\n| a,\"b\"\\|c | 1.5 |");
        assert_eq!(t.render(Format::Json), r#"[{"market":"a,\"b\"|c","size":"1.5"}]"#);
        assert!(t.render(Format::Table).contains("1.5"));
    }
}
