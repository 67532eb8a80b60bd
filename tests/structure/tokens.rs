//! Rust source as tokens with line numbers: enough of the language to look for words in code without finding them in
//! comments and texts.

/// One word, number or sign of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it says. Texts and characters are reduced to `""`, lifetimes to `'`.
    pub text: String,
    /// Where, from 1.
    pub line: usize,
}

/// The tokens of a source, without comments.
pub fn tokens(source: &str) -> Vec<Token> {
    let mut lexer = Lexer { chars: source.chars().collect(), at: 0, line: 1, out: Vec::new() };
    while lexer.at < lexer.chars.len() {
        lexer.step();
    }
    lexer.out
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    line: usize,
    out: Vec<Token>,
}

fn starts_word(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

fn in_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

impl Lexer {
    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    /// Moves over one character, counting lines.
    fn bump(&mut self) {
        self.line += usize::from(self.peek(0) == '\n');
        self.at += 1;
    }

    fn push(&mut self, text: &str, line: usize) {
        self.out.push(Token { text: text.to_owned(), line });
    }

    fn step(&mut self) {
        let (c, next, line) = (self.peek(0), self.peek(1), self.line);
        match c {
            _ if c.is_whitespace() => self.bump(),
            '/' if next == '/' => self.skip_while(|c| c != '\n'),
            '/' if next == '*' => self.block_comment(),
            '"' => self.text(),
            '\'' => self.char_or_lifetime(),
            _ if self.raw_text() => self.push("\"\"", line),
            _ if starts_word(c) => self.word(),
            _ if c.is_ascii_digit() => self.number(),
            ':' if next == ':' => {
                self.at += 2;
                self.push("::", line);
            }
            _ => {
                self.at += 1;
                self.push(&c.to_string(), line);
            }
        }
    }

    fn skip_while(&mut self, go_on: impl Fn(char) -> bool) {
        while self.at < self.chars.len() && go_on(self.peek(0)) {
            self.bump();
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.chars.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    self.bump();
                    continue;
                }
            }
            self.at += 2;
            if depth == 0 {
                return;
            }
        }
    }

    /// A text up to its closing quote; the opening one is next.
    fn text(&mut self) {
        let line = self.line;
        self.at += 1;
        while self.at < self.chars.len() && self.peek(0) != '"' {
            if self.peek(0) == '\\' {
                self.at += 1;
            }
            self.bump();
        }
        self.at += 1;
        self.push("\"\"", line);
    }

    /// `r"..."`, `r#"..."#`, `br"..."`, `cr"..."`: skipped if one is next.
    fn raw_text(&mut self) -> bool {
        let letters = match (self.peek(0), self.peek(1)) {
            ('r', _) => 1,
            ('b' | 'c', 'r') => 2,
            _ => return false,
        };
        let hashes = (letters..).take_while(|i| self.peek(*i) == '#').count();
        if self.peek(letters + hashes) != '"' {
            return false;
        }
        self.at += letters + hashes + 1;
        while self.at < self.chars.len() {
            if self.peek(0) == '"' && (1..=hashes).all(|i| self.peek(i) == '#') {
                self.at += 1 + hashes;
                return true;
            }
            self.bump();
        }
        true
    }

    fn char_or_lifetime(&mut self) {
        let line = self.line;
        if starts_word(self.peek(1)) && self.peek(2) != '\'' {
            self.at += 1;
            self.skip_while(in_word);
            self.push("'", line);
            return;
        }
        self.at += 1;
        if self.peek(0) == '\\' {
            self.at += 1;
        }
        self.bump();
        self.skip_while(|c| c != '\'');
        self.at += 1;
        self.push("\"\"", line);
    }

    fn word(&mut self) {
        let (start, line) = (self.at, self.line);
        self.skip_while(in_word);
        let text: String = self.chars[start..self.at].iter().collect();
        // The prefix of `b"..."` or `c"..."` belongs to the text, and `r#type` is the word `type`.
        match text.as_str() {
            "b" | "c" if self.peek(0) == '"' || self.peek(0) == '\'' => {}
            "r" if self.peek(0) == '#' => self.at += 1,
            _ => self.push(&text, line),
        }
    }

    /// A number with its suffix. `t.0.1` are two fields and `0..9` is a range, but `0.1`, `1e9` and `1.` are floats.
    fn number(&mut self) {
        let (start, line) = (self.at, self.line);
        let a_field = self.out.last().is_some_and(|t| t.text == ".");
        self.skip_while(in_word);
        let point = self.peek(0) == '.' && self.peek(1) != '.' && !starts_word(self.peek(1));
        if point && !a_field {
            self.at += 1;
            self.skip_while(in_word);
        }
        let mut text: String = self.chars[start..self.at].iter().collect();
        let exponent = text.ends_with(['e', 'E']) && matches!(self.peek(0), '+' | '-') && !text.starts_with("0x");
        if exponent {
            let sign = self.at;
            self.at += 1;
            self.skip_while(in_word);
            text.extend(&self.chars[sign..self.at]);
        }
        self.push(&text, line);
    }
}

/// Whether a token is a float written out.
pub fn is_float(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_digit())
        && !token.starts_with("0x")
        && !token.starts_with("0b")
        && !token.starts_with("0o")
        && (token.contains('.')
            || token.contains(['e', 'E']) && !token.ends_with("size")
            || token.ends_with("f32")
            || token.ends_with("f64"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<String> {
        tokens(source).into_iter().map(|t| t.text).collect()
    }

    #[test]
    fn comments_and_texts_hold_no_words() {
        assert_eq!(
            words("a // b\n/* c /* d */ e */ f \"g\\\"h\" r#\"i\"j\"# br\"k\" b\"l\" c\"m\" n"),
            ["a", "f", "\"\"", "\"\"", "\"\"", "\"\"", "\"\"", "n"]
        );
    }

    #[test]
    fn characters_and_lifetimes_are_told_apart() {
        assert_eq!(
            words("fn f<'a>(c: &'a str) { '\"'; '\\''; b'x'; 'y' }").join(" "),
            "fn f < ' > ( c : & ' str ) { \"\" ; \"\" ; \"\" ; \"\" }"
        );
        assert_eq!(words("'\\u{1F600}' x"), ["\"\"", "x"]);
    }

    #[test]
    fn floats_are_told_from_fields_and_ranges() {
        let floats = |source| words(source).into_iter().filter(|w| is_float(w)).collect::<Vec<_>>();
        assert_eq!(floats("t.0.1 + 0..9 + 1.max(2) + 0x1e9 + 1_usize + 2isize + 3u64 + 1_000"), Vec::<String>::new());
        assert_eq!(
            floats("0.5 + 1e9 + 2. + 1f64 + 2_f32 + 1.5e-3 + 1e-3"),
            ["0.5", "1e9", "2.", "1f64", "2_f32", "1.5e-3", "1e-3"]
        );
    }

    #[test]
    fn lines_are_counted() {
        let source = "a\n/* b\n\n*/ c\n\"d\ne\" f r\"\n\" g";
        let lines: Vec<_> = tokens(source).into_iter().map(|t| (t.text, t.line)).collect();
        let expected = [("a", 1), ("c", 4), ("\"\"", 5), ("f", 6), ("\"\"", 6), ("g", 7)];
        assert_eq!(lines, expected.map(|(t, l)| (t.to_owned(), l)));
    }
}
