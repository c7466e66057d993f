//! Reads the syntax of CLI configuration files: the older HCL with quoted keys, and JSON, into one tree with lines.
//!
//! Errors name a line and what was expected there. They never show text of the file, which holds credentials.

use std::iter::Peekable;
use std::str::CharIndices;

/// A key with its value; a block is an entry whose value is an object, its labels are `keys[1..]`.
pub(crate) struct Entry {
    pub(crate) keys: Vec<String>,
    pub(crate) value: Node,
    /// Starting at 1.
    pub(crate) line: usize,
}

impl Entry {
    pub(crate) fn name(&self) -> &str {
        self.keys.first().map_or("", String::as_str)
    }
}

/// A value.
pub(crate) enum Node {
    String(String),
    /// A number, a boolean or null: nothing that a place or a token is made of.
    Other,
    List(Vec<Node>),
    Object(Vec<Entry>),
}

/// What is wrong, and in which line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) line: usize,
    pub(crate) reason: &'static str,
}

/// Deeper than any configuration, shallow enough for the stack.
const MAX_DEPTH: usize = 64;

/// Reads a whole file.
pub(crate) fn parse(text: &str) -> Result<Vec<Entry>, SyntaxError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut parser = Parser {
        chars: text.char_indices().peekable(),
        text,
        line: 1,
        depth: 0,
    };
    parser.space()?;
    let entries = if parser.take('{') {
        let entries = parser.entries(true)?;
        parser.space()?;
        entries
    } else {
        parser.entries(false)?
    };
    if parser.peek().is_some() {
        return Err(parser.error("something follows the end of the configuration"));
    }
    Ok(entries)
}

struct Parser<'a> {
    chars: Peekable<CharIndices<'a>>,
    text: &'a str,
    line: usize,
    depth: usize,
}

impl Parser<'_> {
    fn error(&self, reason: &'static str) -> SyntaxError {
        SyntaxError {
            line: self.line,
            reason,
        }
    }

    fn peek(&mut self) -> Option<char> {
        self.chars.peek().map(|(_, c)| *c)
    }

    fn next(&mut self) -> Option<char> {
        let (_, c) = self.chars.next()?;
        if c == '\n' {
            self.line += 1;
        }
        Some(c)
    }

    fn take(&mut self, wanted: char) -> bool {
        let there = self.peek() == Some(wanted);
        if there {
            self.next();
        }
        there
    }

    fn rest(&mut self) -> &str {
        let at = self.chars.peek().map_or(self.text.len(), |(i, _)| *i);
        self.text.get(at..).unwrap_or_default()
    }

    /// Skips white space and comments.
    fn space(&mut self) -> Result<(), SyntaxError> {
        loop {
            match self.peek() {
                Some(c) if c.is_whitespace() => {
                    self.next();
                }
                Some('#') => self.skip_line(),
                Some('/') if self.rest().starts_with("//") => self.skip_line(),
                Some('/') if self.rest().starts_with("/*") => {
                    let opened = self.error("a comment is not closed");
                    while !self.rest().starts_with("*/") {
                        if self.next().is_none() {
                            return Err(opened);
                        }
                    }
                    self.next();
                    self.next();
                }
                _ => return Ok(()),
            }
        }
    }

    fn skip_line(&mut self) {
        while self.peek().is_some_and(|c| c != '\n') {
            self.next();
        }
    }

    fn entries(&mut self, braced: bool) -> Result<Vec<Entry>, SyntaxError> {
        let opened = self.error("a `{` is not closed");
        let mut entries = Vec::new();
        loop {
            self.space()?;
            match self.peek() {
                None if braced => return Err(opened),
                None => return Ok(entries),
                Some('}') if braced => {
                    self.next();
                    return Ok(entries);
                }
                Some(',') => {
                    self.next();
                }
                Some(_) => entries.push(self.entry()?),
            }
        }
    }

    fn entry(&mut self) -> Result<Entry, SyntaxError> {
        let line = self.line;
        let mut keys = vec![self.key()?];
        loop {
            self.space()?;
            match self.peek() {
                Some('=' | ':') => {
                    self.next();
                    self.space()?;
                    let value = self.value()?;
                    return Ok(Entry { keys, value, line });
                }
                Some('{') => {
                    let value = self.value()?;
                    return Ok(Entry { keys, value, line });
                }
                Some('"') => keys.push(self.string()?),
                _ => return Err(self.error("`=`, `:` or `{` must follow a name")),
            }
        }
    }

    fn key(&mut self) -> Result<String, SyntaxError> {
        if self.peek() == Some('"') {
            return self.string();
        }
        let name = self.word();
        if name.is_empty() {
            return Err(self.error("a name must stand here"));
        }
        Ok(name)
    }

    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(c) = self.peek() {
            if !(c.is_alphanumeric() || "_-.+".contains(c)) {
                break;
            }
            word.push(c);
            self.next();
        }
        word
    }

    fn value(&mut self) -> Result<Node, SyntaxError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("the values are nested too deeply"));
        }
        let value = match self.peek() {
            Some('"') => Node::String(self.string()?),
            Some('{') => {
                self.next();
                Node::Object(self.entries(true)?)
            }
            Some('[') => self.list()?,
            Some('<') => self.heredoc()?,
            _ => {
                if self.word().is_empty() {
                    return Err(self.error("a value must stand here"));
                }
                Node::Other
            }
        };
        self.depth -= 1;
        Ok(value)
    }

    fn list(&mut self) -> Result<Node, SyntaxError> {
        let opened = self.error("a `[` is not closed");
        self.next();
        let mut items = Vec::new();
        loop {
            self.space()?;
            match self.peek() {
                None => return Err(opened),
                Some(']') => {
                    self.next();
                    return Ok(Node::List(items));
                }
                Some(',') => {
                    self.next();
                }
                Some(_) => items.push(self.value()?),
            }
        }
    }

    /// A quoted string. `${…}` stays as written: only environment variables are put in, by whoever wants them.
    fn string(&mut self) -> Result<String, SyntaxError> {
        let opened = self.error("a string is not closed in its line");
        self.next();
        let mut out = String::new();
        loop {
            match self.next() {
                None | Some('\n') => return Err(opened),
                Some('"') => return Ok(out),
                Some('\\') => match self.next() {
                    Some('n') => out.push('\n'),
                    Some('r') => out.push('\r'),
                    Some('t') => out.push('\t'),
                    Some('b') => out.push('\u{8}'),
                    Some('f') => out.push('\u{c}'),
                    Some(c @ ('"' | '\\' | '/')) => out.push(c),
                    Some('u') => out.push(self.unicode()?),
                    _ => {
                        return Err(self
                            .error("a `\\` is followed by no known letter; write `\\\\` for one"));
                    }
                },
                Some(c) => out.push(c),
            }
        }
    }

    fn unicode(&mut self) -> Result<char, SyntaxError> {
        let mut unit = || -> Option<u32> {
            let mut code = 0;
            for _ in 0..4 {
                code = code * 16 + self.next()?.to_digit(16)?;
            }
            Some(code)
        };
        let first = unit();
        let code = match first {
            // The first half of a surrogate pair, as JSON spells what is beyond 16 bits.
            Some(high @ 0xD800..=0xDBFF) => {
                if !(self.take('\\') && self.take('u')) {
                    None
                } else {
                    let mut low = 0;
                    for _ in 0..4 {
                        let digit = self.next().and_then(|c| c.to_digit(16));
                        low = low * 16 + digit.unwrap_or(0);
                    }
                    (0xDC00..=0xDFFF)
                        .contains(&low)
                        .then(|| 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
                }
            }
            other => other,
        };
        code.and_then(char::from_u32)
            .ok_or_else(|| self.error("`\\u` needs four hexadecimal digits of a character"))
    }

    /// `<<END … END`; it is never a path or a token of ours, so its text is passed over.
    fn heredoc(&mut self) -> Result<Node, SyntaxError> {
        let opened = self.error("a here-document is not closed");
        if !self.rest().starts_with("<<") {
            return Err(self.error("a value must stand here"));
        }
        self.next();
        self.next();
        self.take('-');
        let end = self.word();
        self.skip_line();
        if end.is_empty() {
            return Err(opened);
        }
        while self.next().is_some() {
            let line = self.rest().lines().next().unwrap_or_default().trim() == end;
            self.skip_line();
            if line {
                return Ok(Node::Other);
            }
        }
        Err(opened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(text: &str) -> String {
        fn show(entries: &[Entry]) -> String {
            let parts: Vec<String> = entries
                .iter()
                .map(|e| format!("{}@{}={}", e.keys.join(" "), e.line, value(&e.value)))
                .collect();
            parts.join(" ")
        }
        fn value(node: &Node) -> String {
            match node {
                Node::String(s) => format!("{s:?}"),
                Node::Other => "_".into(),
                Node::List(l) => format!("[{}]", l.iter().map(value).collect::<Vec<_>>().join(" ")),
                Node::Object(o) => format!("{{{}}}", show(o)),
            }
        }
        show(&parse(text).unwrap())
    }

    #[test]
    fn both_syntaxes_give_one_tree() {
        let hcl = "# note\nplugin_cache_dir = \"$HOME/c\" // x\n/* a\nb */\nprovider_installation {\n  dev_overrides {\n    \"hashicorp/null\" = \"/p\"\n  }\n  direct {}\n}\ncredentials \"h\" { token = \"t\" }\n";
        assert_eq!(
            outline(hcl),
            r#"plugin_cache_dir@2="$HOME/c" provider_installation@5={dev_overrides@6={hashicorp/null@7="/p"} direct@9={}} credentials h@11={token@11="t"}"#
        );
        let json = "{\n \"plugin_cache_dir\": \"$HOME\\/c\", \"provider_installation\": [{\"direct\": {}}],\n \"n\": 1.5e3, \"t\": true}";
        assert_eq!(
            outline(json),
            r#"plugin_cache_dir@2="$HOME/c" provider_installation@2=[{direct@2={}}] n@3=_ t@3=_"#
        );
    }

    #[test]
    fn strings_lists_and_heredocs() {
        assert_eq!(
            outline(
                "a = [\"x\", \"\\u0041\\n\\\"\\\\\", \"\\ud83d\\ude00\",]\nb = <<-E\n  one\n  E\nc = 1"
            ),
            "a@1=[\"x\" \"A\\n\\\"\\\\\" \"😀\"] b@2=_ c@5=_"
        );
    }

    #[test]
    fn errors_name_the_line_and_show_no_text() {
        for (text, line) in [
            ("a = \"hunter2", 1),
            ("a {\n b = 1\n", 1),
            ("\n\na = [1,", 3),
            ("a = 1\n}", 2),
            ("a hunter2", 1),
            ("a = ", 1),
            ("/* x", 1),
            ("a = \"\\q\"", 1),
            ("a = <<E\nhunter2", 1),
            ("a = \"\\ud800\"", 1),
        ] {
            let error = parse(text)
                .err()
                .unwrap_or_else(|| panic!("{text:?} was read"));
            assert_eq!(error.line, line, "{text:?}: {error:?}");
            assert!(!format!("{error:?}").contains("hunter2"));
        }
        assert!(parse(&"a = [".repeat(100)).is_err());
        assert!(parse(&"[".repeat(100_000)).is_err());
        assert!(parse(&format!("a = {}", "[".repeat(100_000))).is_err());
    }
}
