//! JSON text walked once, without recursion, and with nothing built but the fields that are asked for. What is accepted is what `serde_json`
//! accepts; the tests hold the two together.

use std::borrow::Cow;

/// Go's JSON reader stops here, and so does Terraform.
pub(in crate::state) const MAX_DEPTH: usize = 10_000;

/// Where the text is no JSON, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::state) struct Stop {
    pub(in crate::state) at: usize,
    pub(in crate::state) why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::state) enum Why {
    /// The text ends before the value does.
    End,
    /// More than [`MAX_DEPTH`] brackets are open.
    TooDeep,
    /// What is wrong, in words that quote nothing of the text.
    Syntax(&'static str),
}

type Scan<T> = Result<T, Stop>;

/// A name and its value. Names are compared as Go does, so they are decoded.
pub(in crate::state) type Field<'a> = (Cow<'a, str>, &'a str);

/// A place in a text that moves from value to value.
pub(in crate::state) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    /// The brackets that are open inside of a value which is passed over: true for those of objects.
    open: Vec<bool>,
    /// The brackets that are open around it.
    depth: usize,
}

impl<'a> Cursor<'a> {
    pub(in crate::state) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            open: Vec::new(),
            depth: 0,
        }
    }

    /// The first byte of what comes next.
    pub(in crate::state) fn peek(&mut self) -> Option<u8> {
        self.blank();
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes over the next value; its text.
    pub(in crate::state) fn value(&mut self) -> Scan<&'a str> {
        self.walked(Self::pass)
    }

    /// The text that `walk` passes over.
    pub(in crate::state) fn walked(
        &mut self,
        walk: impl FnOnce(&mut Self) -> Scan<()>,
    ) -> Scan<&'a str> {
        self.blank();
        let start = self.at;
        walk(self)?;
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// Nothing but white space may follow.
    pub(in crate::state) fn end(&mut self) -> Scan<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => self.wrong("there is more text after the end of the value"),
        }
    }

    /// Walks through an object; `each` has to take the value of the name that it is given.
    pub(in crate::state) fn members(
        &mut self,
        mut each: impl FnMut(&mut Self, Cow<'a, str>) -> Scan<()>,
    ) -> Scan<()> {
        self.enter(b'{', "an object is expected")?;
        if self.peek() == Some(b'}') {
            return self.leave();
        }
        loop {
            let name = self.name()?;
            each(self, name)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => return self.leave(),
                _ => return self.wrong("`,` or `}` is expected"),
            }
        }
    }

    /// Walks through a list; `each` has to take one element.
    pub(in crate::state) fn elements(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Scan<()>,
    ) -> Scan<()> {
        self.enter(b'[', "a list is expected")?;
        if self.peek() == Some(b']') {
            return self.leave();
        }
        loop {
            each(self)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => return self.leave(),
                _ => return self.wrong("`,` or `]` is expected"),
            }
        }
    }

    fn enter(&mut self, bracket: u8, expected: &'static str) -> Scan<()> {
        if self.peek() != Some(bracket) {
            return self.wrong(expected);
        }
        if self.depth == MAX_DEPTH {
            return self.stop(Why::TooDeep);
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    fn leave(&mut self) -> Scan<()> {
        self.depth -= 1;
        self.at += 1;
        Ok(())
    }

    /// A name and the colon after it.
    fn name(&mut self) -> Scan<Cow<'a, str>> {
        self.blank();
        let start = self.at;
        self.quoted()?;
        let quoted = self.text.get(start..self.at).unwrap_or_default();
        self.colon()?;
        match plain(quoted) {
            Some(name) => Ok(Cow::Borrowed(name)),
            None => match serde_json::from_str(quoted) {
                Ok(name) => Ok(Cow::Owned(name)),
                Err(_) => Err(Stop {
                    at: start,
                    why: Why::Syntax("a name is no Unicode text"),
                }),
            },
        }
    }

    /// Passes over one whole value.
    fn pass(&mut self) -> Scan<()> {
        self.open.clear();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    self.string()?;
                }
                Some(b'{') => {
                    self.descend(true)?;
                    if self.peek() != Some(b'}') {
                        self.quoted()?;
                        self.colon()?;
                        continue;
                    }
                }
                Some(b'[') => {
                    self.descend(false)?;
                    if self.peek() != Some(b']') {
                        continue;
                    }
                }
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b't') => self.word("true")?,
                Some(b'f') => self.word("false")?,
                Some(b'n') => self.word("null")?,
                _ => return self.wrong("a value is expected"),
            }
            if self.close()? {
                return Ok(());
            }
        }
    }

    /// What may come after a value: closing brackets, and then the next value or nothing. True when the outermost one is complete.
    fn close(&mut self) -> Scan<bool> {
        while let Some(object) = self.open.last().copied() {
            match (self.peek(), object) {
                (Some(b','), true) => {
                    self.at += 1;
                    self.blank();
                    self.quoted()?;
                    self.colon()?;
                    return Ok(false);
                }
                (Some(b','), false) => {
                    self.at += 1;
                    return Ok(false);
                }
                (Some(b'}'), true) | (Some(b']'), false) => {
                    self.open.pop();
                    self.at += 1;
                }
                (_, true) => return self.wrong("`,` or `}` is expected"),
                (_, false) => return self.wrong("`,` or `]` is expected"),
            }
        }
        Ok(true)
    }

    fn descend(&mut self, object: bool) -> Scan<()> {
        if self.depth + self.open.len() >= MAX_DEPTH {
            return self.stop(Why::TooDeep);
        }
        self.open.push(object);
        self.at += 1;
        Ok(())
    }

    /// The name of a member.
    fn quoted(&mut self) -> Scan<()> {
        if self.text.as_bytes().get(self.at) != Some(&b'"') {
            return self.wrong("a name in quotes is expected");
        }
        self.at += 1;
        self.string()
    }

    fn colon(&mut self) -> Scan<()> {
        if self.peek() != Some(b':') {
            return self.wrong("`:` is expected");
        }
        self.at += 1;
        Ok(())
    }

    /// The rest of a string after its opening quote.
    fn string(&mut self) -> Scan<()> {
        let bytes = self.text.as_bytes();
        loop {
            while let Some(word) = eight(bytes, self.at) {
                let found = ends_plain_text(word);
                if found != 0 {
                    self.at += first_byte(found);
                    break;
                }
                self.at += 8;
            }
            match bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape(bytes)?,
                Some(0..=0x1F) => return self.wrong("a string holds a control character"),
                Some(_) => self.at += 1,
                None => return self.stop(Why::End),
            }
        }
    }

    fn escape(&mut self, bytes: &[u8]) -> Scan<()> {
        self.at += 1;
        match bytes.get(self.at) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                for _ in 0..4 {
                    self.at += 1;
                    if !bytes.get(self.at).is_some_and(u8::is_ascii_hexdigit) {
                        return self.wrong("a string holds an escape that is none");
                    }
                }
                self.at += 1;
            }
            _ => return self.wrong("a string holds an escape that is none"),
        }
        Ok(())
    }

    fn number(&mut self) -> Scan<()> {
        const WRONG: &str = "a number is none";
        let bytes = self.text.as_bytes();
        if bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        if bytes.get(self.at) == Some(&b'0') {
            self.at += 1;
            if bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
                return self.wrong(WRONG);
            }
        } else {
            self.digits(WRONG)?;
        }
        if bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits(WRONG)?;
        }
        if matches!(bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits(WRONG)?;
        }
        Ok(())
    }

    fn digits(&mut self, wrong: &'static str) -> Scan<()> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        while bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        if self.at == start {
            return self.wrong(wrong);
        }
        Ok(())
    }

    fn word(&mut self, word: &str) -> Scan<()> {
        for byte in word.bytes() {
            if self.text.as_bytes().get(self.at) != Some(&byte) {
                return self.wrong("a value is expected");
            }
            self.at += 1;
        }
        Ok(())
    }

    /// Passes over white space.
    #[inline]
    fn blank(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = bytes.get(self.at) {
            self.at += 1;
            self.indentation(bytes);
        }
    }

    /// Passes over spaces, which are most of the white space.
    #[inline]
    fn indentation(&mut self, bytes: &[u8]) {
        const SPACES: u128 = u128::from_le_bytes([b' '; 16]);
        while let Some(chunk) = bytes.get(self.at..).and_then(|rest| rest.first_chunk()) {
            let other = u128::from_le_bytes(*chunk) ^ SPACES;
            if other != 0 {
                self.at += other.trailing_zeros() as usize / 8;
                return;
            }
            self.at += 16;
        }
    }

    fn stop<T>(&self, why: Why) -> Scan<T> {
        Err(Stop { at: self.at, why })
    }

    fn wrong<T>(&self, what: &'static str) -> Scan<T> {
        if self.at >= self.text.len() {
            return self.stop(Why::End);
        }
        self.stop(Why::Syntax(what))
    }
}

/// What stands between the quotes of a string without escapes; nothing for every other value.
pub(in crate::state) fn plain(value: &str) -> Option<&str> {
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains('\\')).then_some(inner)
}

fn eight(bytes: &[u8], at: usize) -> Option<u64> {
    bytes
        .get(at..)?
        .first_chunk()
        .map(|chunk| u64::from_le_bytes(*chunk))
}

/// Not zero when one of eight bytes is a quote, a backslash or a control character; the lowest bit that is set lies in the first of them.
fn ends_plain_text(word: u64) -> u64 {
    const fn all(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    let less_than = |word: u64, byte: u8| word.wrapping_sub(all(byte)) & !word;
    let quote = less_than(word ^ all(b'"'), 1);
    let backslash = less_than(word ^ all(b'\\'), 1);
    (quote | backslash | less_than(word, 0x20)) & all(0x80)
}

/// Which of eight bytes the lowest bit lies in.
fn first_byte(bits: u64) -> usize {
    bits.trailing_zeros() as usize / 8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;

    fn scanned(text: &str) -> Scan<&str> {
        let mut cursor = Cursor::new(text);
        let value = cursor.value()?;
        cursor.end()?;
        Ok(value)
    }

    fn same_as_serde(text: &str) {
        let serde = serde_json::from_str::<&RawValue>(text);
        assert_eq!(
            scanned(text).ok(),
            serde.as_ref().ok().map(|raw| raw.get()),
            "{text:?}"
        );
    }

    #[test]
    fn what_was_cut_off_ends_and_is_not_wrong() {
        let text =
            r#" { "a\u00e9\n" : [ 1.5e-3, true , null, {} ], "b": "ü", "c": [[], {"d": false}] }"#;
        for (end, _) in text.char_indices() {
            let stop = scanned(&text[..end]).map_err(|stop| stop.why);
            assert_eq!(stop, Err(Why::End), "{:?}", &text[..end]);
        }
    }

    #[test]
    fn accepts_what_serde_accepts() {
        for text in [
            "",
            " ",
            "null",
            " null ",
            "nul",
            "nulll",
            "true",
            "false",
            "truth",
            "0",
            "-0",
            "00",
            "01",
            "-",
            "-a",
            "1.",
            "1.5",
            ".5",
            "1e",
            "1e5",
            "1E+5",
            "1e-",
            "+1",
            "0x1",
            "1.5e10",
            "\"",
            "\"a",
            "\"a\"",
            "\"\\\"\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u12zz\"",
            "\"\\ud800\"",
            "\"\t\"",
            "\"\u{7f}\"",
            "\"12345678\"",
            "\"1234567\\n\"",
            "\"ünïcödé and more of it\"",
            "[",
            "[]",
            "[ ]",
            "[1",
            "[1]",
            "[1,",
            "[1,]",
            "[1 2]",
            "[,1]",
            "]",
            "[}",
            "[1}",
            "{",
            "{}",
            "{ }",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "{\"a\":1}",
            "{\"a\":1,",
            "{\"a\":1,}",
            "{\"a\" 1}",
            "{a:1}",
            "{1:1}",
            "{\"a\":1]",
            "{,}",
            "[[[]]]",
            "[{\"a\":[{}]},[]]",
            "{\"a\":{\"b\":[1,{\"c\":null}]}}",
            "1 2",
            "{} x",
            "\u{feff}1",
            "\u{a0}1",
            "\"a\u{0}b\"",
            "\r\n\t 1 \r\n",
            "[1\u{b}]",
        ] {
            same_as_serde(text);
        }
    }

    #[test]
    fn members_and_elements_stand_in_their_order() {
        let mut cursor =
            Cursor::new(" { \"a\" : [ 1 , \"x\\ny\" , {} ] , \"\\u0062\" : { \"c\" : 2 } } ");
        let mut seen = Vec::new();
        cursor
            .members(|cursor, name| {
                if cursor.peek() == Some(b'[') {
                    return cursor.elements(|cursor| {
                        seen.push(format!("{name}: {}", cursor.value()?));
                        Ok(())
                    });
                }
                seen.push(format!("{name}: {}", cursor.value()?));
                Ok(())
            })
            .unwrap();
        cursor.end().unwrap();
        assert_eq!(seen, ["a: 1", "a: \"x\\ny\"", "a: {}", "b: { \"c\" : 2 }"]);
    }

    #[test]
    fn depth_counts_from_the_outermost_bracket() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(scanned(&nested(MAX_DEPTH)).is_ok());
        let too_deep = Stop {
            at: MAX_DEPTH,
            why: Why::TooDeep,
        };
        assert_eq!(scanned(&nested(MAX_DEPTH + 1)), Err(too_deep));
        let inner = format!("{{\"a\":{}}}", nested(MAX_DEPTH));
        let mut cursor = Cursor::new(&inner);
        let stop = cursor.members(|cursor, _| cursor.value().map(|_| ()));
        assert_eq!(stop.map_err(|stop| stop.why), Err(Why::TooDeep));
    }

    proptest! {
        #[test]
        fn any_text_like_serde(text in "[\\[\\]{}\",:\\\\ \n\t0-9a-ftrulsn.eE+-]{0,24}") {
            same_as_serde(&text);
        }

        #[test]
        fn any_string_like_serde(text in "\"(.|\\\\[\"\\\\/bfnrtux]|\\PC){0,40}\"?") {
            same_as_serde(&text);
        }
    }
}
