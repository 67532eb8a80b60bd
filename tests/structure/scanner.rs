//! Finds what pure code may not say. Tests inside a source are not looked at; what `use` brings in under a shorter name
//! is.

use super::tokens::{Token, is_float, tokens};

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where, from 1.
    pub line: usize,
    /// What, as the rule names it.
    pub what: &'static str,
    /// The law it breaks.
    pub law: &'static str,
}

/// Words that break a law, as they are written in code. Matched word by word, so `Instant` does not match `Instantly`.
const RULES: &[(&str, &str)] = &[
    ("SystemTime", "time comes in through events"),
    ("Instant::now", "time comes in through events"),
    ("std::time::Instant", "time comes in through events"),
    ("Timestamp::now", "time comes in through events"),
    ("Zoned::now", "time comes in through events"),
    ("Utc::now", "time comes in through events"),
    ("thread_rng", "randomness comes in through events"),
    ("rand::", "randomness comes in through events"),
    ("getrandom", "randomness comes in through events"),
    ("Uuid::new_v4", "ids come from sequence numbers"),
    ("HashMap", "hash order must not reach a result"),
    ("HashSet", "hash order must not reach a result"),
    ("RandomState", "hash order must not reach a result"),
    ("DefaultHasher", "hash order must not reach a result"),
    ("thread::spawn", "no threads"),
    ("std::thread", "no threads"),
    ("thread_local!", "no threads"),
    ("std::sync::mpsc", "no threads"),
    ("static mut", "state is passed in"),
    ("async", "nothing waits"),
    ("std::fs", "no I/O"),
    ("std::net", "no I/O"),
    ("std::env", "configuration comes in through events"),
    ("std::process", "no I/O"),
    ("std::os", "no I/O"),
    ("io::stdin", "no I/O"),
    ("io::stdout", "no I/O"),
    ("io::stderr", "no I/O"),
    ("print!", "no I/O"),
    ("println!", "no I/O"),
    ("eprint!", "no I/O"),
    ("eprintln!", "no I/O"),
    ("dbg!", "no I/O"),
];

const FLOATS: Finding = Finding { line: 0, what: "a float", law: "every decision can be recomputed to the bit" };

/// Everything in `source` that pure code may not say, by line.
pub fn scan(source: &str, floats_allowed: bool) -> Vec<Finding> {
    let code = without_tests(tokens(source));
    let mut found = Vec::new();
    for (rule, law) in RULES {
        let pattern: Vec<String> = tokens(rule).into_iter().map(|t| t.text).collect();
        for at in code.windows(pattern.len()).filter(|w| w.iter().zip(&pattern).all(|(t, p)| t.text == *p)) {
            found.push(Finding { line: at[0].line, what: rule, law });
        }
        // `use std::{fs, io}` says `std::fs` too, and so does `use std::fs as disk`.
        for (path, line) in imported(&code) {
            let hidden = !path.contiguous && path.words.windows(pattern.len()).any(|w| w == pattern.as_slice());
            if hidden {
                found.push(Finding { line, what: rule, law });
            }
        }
    }
    if !floats_allowed {
        let a_float = |t: &&Token| t.text == "f32" || t.text == "f64" || is_float(&t.text);
        found.extend(code.iter().filter(a_float).map(|t| Finding { line: t.line, ..FLOATS }));
    }
    found.sort_by_key(|f| (f.line, f.what));
    found.dedup();
    found
}

/// The code without items under `#[cfg(test)]` and `#[test]`.
fn without_tests(code: Vec<Token>) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < code.len() {
        let is =
            |pattern: &[&str]| pattern.iter().zip(&code[at..]).filter(|(p, t)| **p == t.text).count() == pattern.len();
        if is(&["#", "[", "cfg", "(", "test", ")", "]"]) || is(&["#", "[", "test", "]"]) {
            at = end_of_item(&code, at);
        } else {
            kept.push(code[at].clone());
            at += 1;
        }
    }
    kept
}

/// Behind the item that begins at `at`: its `;` or the brace that closes its body.
fn end_of_item(code: &[Token], mut at: usize) -> usize {
    let (mut round, mut curly) = (0i32, 0i32);
    while at < code.len() {
        match code[at].text.as_str() {
            "(" | "[" => round += 1,
            ")" | "]" => round -= 1,
            "{" => curly += 1,
            "}" => curly -= 1,
            _ => {}
        }
        let text = code[at].text.as_str();
        at += 1;
        if round == 0 && curly == 0 && (text == ";" || text == "}") {
            break;
        }
    }
    at
}

/// A path that a `use` brings in.
struct Imported {
    /// Its words, `::` between them.
    words: Vec<String>,
    /// Whether it stands in the source just so, without braces.
    contiguous: bool,
}

/// Every path that the source's `use` items bring in, braces written out, with its line.
fn imported(code: &[Token]) -> Vec<(Imported, usize)> {
    let mut paths = Vec::new();
    for (start, token) in code.iter().enumerate().filter(|(_, t)| t.text == "use") {
        let item: Vec<&Token> = code[start + 1..].iter().take_while(|t| t.text != ";").collect();
        // `use<'a>` in a type is no import.
        if item.first().is_some_and(|t| t.text != "<") {
            expand(&item, &mut Vec::new(), false, token.line, &mut paths);
        }
    }
    paths
}

/// Writes out one use tree behind `prefix`.
fn expand(tree: &[&Token], prefix: &mut Vec<String>, braced: bool, line: usize, out: &mut Vec<(Imported, usize)>) {
    let Some(open) = tree.iter().position(|t| t.text == "{") else {
        let line = tree.first().map_or(line, |t| t.line);
        let words = prefix.iter().cloned().chain(tree.iter().map(|t| t.text.clone())).collect();
        out.push((Imported { words, contiguous: !braced }, line));
        return;
    };
    let depth = prefix.len();
    prefix.extend(tree[..open].iter().map(|t| t.text.clone()));
    let (mut level, mut start) = (0, open + 1);
    for at in open..tree.len() {
        let text = tree[at].text.as_str();
        level += i32::from(text == "{") - i32::from(text == "}");
        if (text == "," && level == 1) || (text == "}" && level == 0) {
            expand(&tree[start..at], prefix, true, line, out);
            start = at + 1;
        }
        if level == 0 {
            break;
        }
    }
    prefix.truncate(depth);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<(usize, &'static str)> {
        scan(source, false).into_iter().map(|f| (f.line, f.what)).collect()
    }

    #[test]
    fn bad_code_is_caught_with_its_line() {
        let source = "use std::collections::HashMap;\n\
            fn now() -> u64 {\n\
            let t = std::time::SystemTime::now();\n\
            let i = Instant :: now();\n\
            std::thread::spawn(|| println!(\"{t:?}\"));\n\
            rand::random::<f64>() as u64 + 0.5 as u64\n\
            }\n\
            static mut LAST: u8 = 0;\n\
            async fn wait() { dbg!(std::env::args()); eprintln!(); }\n";
        let expected = [
            (1, "HashMap"),
            (3, "SystemTime"),
            (4, "Instant::now"),
            (5, "println!"),
            (5, "std::thread"),
            (5, "thread::spawn"),
            (6, "a float"),
            (6, "rand::"),
            (8, "static mut"),
            (9, "async"),
            (9, "dbg!"),
            (9, "eprintln!"),
            (9, "std::env"),
        ];
        assert_eq!(found(source), expected);
    }

    #[test]
    fn every_rule_catches_its_own_words() {
        for (rule, _) in RULES {
            assert!(found(&format!("fn f() {{ {rule} }}")).contains(&(1, *rule)), "{rule}");
        }
    }

    #[test]
    fn imports_in_braces_are_written_out() {
        let source = "use std::{\n    fmt,\n    fs::{self, File},\n    collections::{BTreeMap, HashSet as Set},\n};\n";
        assert_eq!(found(source), [(3, "std::fs"), (4, "HashSet")]);
        assert_eq!(found("use std::{io, net::TcpStream};"), [(1, "std::net")]);
        assert_eq!(found("use std::fs as disk;"), [(1, "std::fs")]);
        assert_eq!(found("fn f<'a>(a: &'a u8) -> impl Sized + use<'a> { a }"), []);
    }

    #[test]
    fn words_in_comments_texts_and_other_words_are_harmless() {
        let source = "//! No HashMap, no `std::fs`.\n/* SystemTime */\nconst WHY: &str = \"Instant::now is f64\";\n\
            struct MyHashMap; struct Asynchronous; fn print() {} fn operand() {} fn f(x: (u8, (u8, u8))) -> u8 { x.1.0 }\n\
            use std::collections::BTreeMap; use core::fmt; fn g() { write!(f, \"1.5\"); for _ in 0..9 {} }\n";
        assert_eq!(found(source), []);
    }

    #[test]
    fn tests_inside_a_source_may_do_what_they_like() {
        let source = "fn f() {}\n#[cfg(test)]\nmod tests {\n use std::fs; fn t() { if true { println!(); } }\n}\n\
            #[cfg(test)]\nuse std::collections::HashMap;\n#[test]\nfn t() { dbg!([1; 2]); }\nfn g() { dbg!(); }\n\
            #[cfg(not(test))]\nfn h() { dbg!(); }\n";
        assert_eq!(found(source), [(10, "dbg!"), (12, "dbg!")]);
    }

    #[test]
    fn floats_are_allowed_where_that_is_said() {
        assert_eq!(scan("fn f(x: f64) -> f64 { x * 0.5 }", true), []);
        assert_eq!(scan("fn f(x: f64) -> f64 { x * 0.5 }", false).len(), 1);
    }
}
