//! A configuration file as it may lie in a backup: with its comments and its layout, without secrets.

use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

/// What stands in a secret's place.
const REMOVED: &str = "REMOVED FROM THE BACKUP";
/// A key with one of these words in its name holds a secret, or says where it is.
const WORDS: [&str; 11] = [
    "key",
    "secret",
    "token",
    "password",
    "passphrase",
    "private",
    "mnemonic",
    "credential",
    "seed",
    "auth",
    "rpc_url",
];

fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    WORDS.iter().any(|word| key.contains(word))
}

/// A URL with a password or a key in it.
fn holds_credentials(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.contains('@') || rest.split_once('?').is_some_and(|(_, query)| is_secret(query))
}

/// The text of a configuration file with every secret replaced. Fails if it cannot be read as TOML: then nobody knows
/// what is a secret in it.
pub fn without_secrets(text: &str) -> Result<String, String> {
    let mut document: DocumentMut = text.parse().map_err(|e: toml_edit::TomlError| e.message().to_owned())?;
    redact_table(document.as_table_mut());
    Ok(document.to_string().lines().map(without_commented_secret).fold(String::new(), |all, line| all + line + "\n"))
}

fn redact_table(table: &mut Table) {
    for (key, item) in table.iter_mut() {
        redact_item(key.get(), item);
    }
}

fn redact_item(key: &str, item: &mut Item) {
    match item {
        Item::None => {}
        Item::Value(value) => redact_value(key, value),
        Item::Table(table) => redact_table(table),
        Item::ArrayOfTables(tables) => tables.iter_mut().for_each(redact_table),
    }
}

fn redact_value(key: &str, value: &mut Value) {
    let text = value.as_str().map(holds_credentials);
    match value {
        // Numbers and switches are settings, whatever they are called.
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {}
        Value::String(_) if is_secret(key) || text == Some(true) => replace(value),
        Value::String(_) => {}
        Value::Array(list) => list.iter_mut().for_each(|item| redact_value(key, item)),
        Value::InlineTable(table) => {
            for (key, item) in TableLike::iter_mut(table) {
                redact_item(key.get(), item);
            }
        }
    }
}

/// Puts the placeholder there; what stands around the value stays.
fn replace(value: &mut Value) {
    let around = value.decor().clone();
    *value = Value::from(REMOVED);
    *value.decor_mut() = around;
}

/// A line that is commented out, emptied if it would set a secret.
fn without_commented_secret(line: &str) -> &str {
    let Some(comment) = line.trim_start().strip_prefix('#') else { return line };
    match comment.split_once('=') {
        Some((key, _)) if is_secret(key) => "# (a line with a secret was here)",
        _ if comment.split_whitespace().any(holds_credentials) => "# (a line with a secret was here)",
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_and_the_rest_stays_as_it_was() {
        let text = r#"# My settings.
mode = "paper" # for now
# api_key = "sk-commented"
url = "https://user:pa55@host/path"
plain = "https://host/path?page=2"
signed = "https://host/path?token=sk-query"

[models]
anthropic_api_key = "sk-1" # from the console
names = ["a", "b"]
access_tokens = ["sk-2", "sk-3"]
max_tokens = 4096
inline = { password = "sk-4", retries = 3 }

[[wallets]]
private_key = '''
sk-5
'''
address = "0xabc"
"#;
        let clean = without_secrets(text).unwrap();
        assert!(!clean.contains("sk-") && !clean.contains("pa55"), "{clean}");
        let same = ["# My settings.\nmode = \"paper\" # for now\n", "max_tokens = 4096", "names = [\"a\", \"b\"]"];
        for part in same.iter().chain(&["page=2", "retries = 3", "address = \"0xabc\"", "# from the console"]) {
            assert!(clean.contains(part), "{part}: {clean}");
        }
        assert_eq!(clean.matches(REMOVED).count(), 7, "{clean}");
        clean.parse::<DocumentMut>().unwrap();
    }

    #[test]
    fn what_cannot_be_read_is_not_kept() {
        assert!(without_secrets("[risk\nkey = \"sk-1\"").is_err());
    }

    #[test]
    fn the_shipped_configuration_loses_nothing_but_the_name_of_the_key_file() {
        let text = include_str!("../../../../ops/arena.toml");
        let clean = without_secrets(text).unwrap();
        let lost: Vec<&str> = text.lines().filter(|line| !clean.lines().any(|l| l == *line)).collect();
        assert!(lost.iter().all(|line| is_secret(line)), "{lost:?}");
    }
}
