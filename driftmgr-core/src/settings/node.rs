//! YAML with places: what `driftmgr.yaml` may hold, read within bounds.
//!
//! The core schema of YAML 1.2: `yes` and `on` are text. Tags have no meaning here and are refused; aliases count for what they stand for,
//! so that a small file cannot grow into a large one.

use std::collections::HashMap;

use yaml_rust2::parser::{Event, Parser, Tag};
use yaml_rust2::scanner::{Marker, ScanError, TScalarStyle};

use crate::value::forbidden_in_yaml;

/// Bytes of a file.
pub(super) const MAX_BYTES: usize = 1 << 20;
/// Levels of nesting; the settings need six.
const MAX_DEPTH: usize = 32;
/// Values in all, those that aliases repeat included.
const MAX_NODES: usize = 100_000;

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    /// From 1.
    pub(super) line: usize,
    /// In characters, from 1.
    pub(super) column: usize,
}

impl From<&Marker> for Mark {
    fn from(marker: &Marker) -> Self {
        Self {
            line: marker.line().max(1),
            column: marker.col() + 1,
        }
    }
}

/// A value at its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) data: Data,
    pub(super) mark: Mark,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Data {
    Null,
    Flag(bool),
    Whole(i64),
    /// A number that is not whole, or too large to be one here, as it is written.
    Number(String),
    Text(String),
    List(Vec<Node>),
    /// In the order of the file, repeated keys included.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// What it is, for people.
    pub(super) fn describe(&self) -> String {
        match &self.data {
            Data::Null => "nothing".to_owned(),
            Data::Flag(flag) => flag.to_string(),
            Data::Whole(number) => format!("the number {number}"),
            Data::Number(text) => format!("the number {}", short(text)),
            Data::Text(text) => format!("the text {:?}", short(text)),
            Data::List(_) => "a list".to_owned(),
            Data::Map(_) => "a block of keys".to_owned(),
        }
    }

    fn size(&self) -> usize {
        1 + match &self.data {
            Data::List(items) => items.iter().map(Self::size).sum(),
            Data::Map(entries) => entries.iter().map(|(k, v)| k.size() + v.size()).sum(),
            _ => 0,
        }
    }

    fn depth(&self) -> usize {
        1 + match &self.data {
            Data::List(items) => items.iter().map(Self::depth).max().unwrap_or(0),
            Data::Map(entries) => entries.iter().map(|(_, v)| v.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }
}

/// The beginning of a text.
pub(super) fn short(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Why a text cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) message: String,
    pub(super) mark: Mark,
}

impl Broken {
    fn new(message: impl Into<String>, mark: Mark) -> Self {
        Self {
            message: message.into(),
            mark,
        }
    }
}

impl From<ScanError> for Broken {
    fn from(error: ScanError) -> Self {
        Self::new(format!("not YAML: {}", error.info()), error.marker().into())
    }
}

/// The one document of a text; `None` when there is nothing in it but comments.
pub(super) fn parse(text: &str) -> Result<Option<Node>, Broken> {
    // A byte order mark is how some editors begin a file.
    let text = text.trim_start_matches('\u{feff}');
    if let Some(at) = forbidden_in_yaml(text) {
        let before = text.get(..at).unwrap_or_default();
        let last = before.rsplit('\n').next().unwrap_or_default();
        let mark = Mark {
            line: before.matches('\n').count() + 1,
            column: last.chars().count() + 1,
        };
        return Err(Broken::new("a control character: expected text", mark));
    }
    // What is missing at the end is missing in the last line, not after it.
    let lines = text.lines().count().max(1);
    let inside = |mark: Mark| Mark {
        line: mark.line.min(lines),
        ..mark
    };
    let mut parser = Parser::new_from_str(text);
    let mut builder = Builder::default();
    loop {
        let (event, marker) = parser.next_token().map_err(|error| {
            let broken = Broken::from(error);
            let mark = inside(broken.mark);
            Broken { mark, ..broken }
        })?;
        let mark = inside(Mark::from(&marker));
        match event {
            Event::StreamEnd => return Ok(builder.root),
            Event::DocumentStart if builder.root.is_some() => {
                return Err(Broken::new("a second document: expected only one", mark));
            }
            event => builder.take(event, mark)?,
        }
    }
}

/// Something that is not complete yet.
struct Open {
    mark: Mark,
    anchor: usize,
    is_map: bool,
    items: Vec<Node>,
}

/// Builds the tree without recursion.
#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    root: Option<Node>,
}

impl Builder {
    fn take(&mut self, event: Event, mark: Mark) -> Result<(), Broken> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                untagged(tag.as_ref(), mark)?;
                let data = if style == TScalarStyle::Plain {
                    plain(text)
                } else {
                    Data::Text(text)
                };
                self.put(Node { data, mark }, anchor)
            }
            Event::SequenceStart(anchor, tag) => self.begin(mark, anchor, tag.as_ref(), false),
            Event::MappingStart(anchor, tag) => self.begin(mark, anchor, tag.as_ref(), true),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(done) => {
                    let anchor = done.anchor;
                    self.put(done.close(), anchor)
                }
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    return Err(Broken::new("an alias that holds itself", mark));
                };
                if self.open.len() + node.depth() > MAX_DEPTH {
                    return Err(too_deep(mark));
                }
                self.nodes += node.size();
                // It stands where it is used.
                self.put(Node { mark, ..node }, 0)
            }
            _ => Ok(()),
        }
    }

    fn begin(
        &mut self,
        mark: Mark,
        anchor: usize,
        tag: Option<&Tag>,
        is_map: bool,
    ) -> Result<(), Broken> {
        untagged(tag, mark)?;
        if self.open.len() >= MAX_DEPTH {
            return Err(too_deep(mark));
        }
        self.open.push(Open {
            mark,
            anchor,
            is_map,
            items: Vec::new(),
        });
        Ok(())
    }

    fn put(&mut self, node: Node, anchor: usize) -> Result<(), Broken> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let message = format!("more than {MAX_NODES} values, aliases written out");
            return Err(Broken::new(message, node.mark));
        }
        if anchor > 0 {
            self.nodes += node.size();
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            Some(open) => open.items.push(node),
            None => self.root = Some(node),
        }
        Ok(())
    }
}

impl Open {
    fn close(self) -> Node {
        let mut items = self.items.into_iter();
        let data = if self.is_map {
            let mut entries = Vec::new();
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                entries.push((key, value));
            }
            Data::Map(entries)
        } else {
            Data::List(items.collect())
        };
        Node {
            data,
            mark: self.mark,
        }
    }
}

fn too_deep(mark: Mark) -> Broken {
    Broken::new(format!("nested deeper than {MAX_DEPTH} levels"), mark)
}

fn untagged(tag: Option<&Tag>, mark: Mark) -> Result<(), Broken> {
    match tag {
        None => Ok(()),
        Some(tag) => Err(Broken::new(
            format!("the tag {:?} has no meaning here", short(&tag.suffix)),
            mark,
        )),
    }
}

/// A plain scalar by the core schema (YAML 1.2.2, 10.3.2).
fn plain(text: String) -> Data {
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => return Data::Null,
        "true" | "True" | "TRUE" => return Data::Flag(true),
        "false" | "False" | "FALSE" => return Data::Flag(false),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(&text);
    let radix = |prefix: &str, radix| {
        let digits = text.strip_prefix(prefix)?;
        let wrong = digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix));
        (!wrong).then(|| i64::from_str_radix(digits, radix).ok())
    };
    if let Some(number) = radix("0o", 8).or_else(|| radix("0x", 16)) {
        return number.map_or(Data::Number(text), Data::Whole);
    }
    if !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return match text.trim_start_matches('+').parse() {
            Ok(number) => Data::Whole(number),
            Err(_) => Data::Number(text),
        };
    }
    if is_number(unsigned) {
        Data::Number(text)
    } else {
        Data::Text(text)
    }
}

/// `1.5`, `.5`, `1e3`, `.inf`, `.nan`, without a sign.
fn is_number(text: &str) -> bool {
    if matches!(text, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['-', '+']).unwrap_or(e);
        !e.is_empty() && digits(e)
    });
    exponent && digits(whole) && digits(part) && !(whole.is_empty() && part.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn data(text: &str) -> Data {
        parse(text).unwrap().unwrap().data
    }

    fn refused(text: &str) -> (usize, String) {
        let broken = parse(text).unwrap_err();
        (broken.mark.line, broken.message)
    }

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        for (text, want) in [
            ("~", Data::Null),
            ("null", Data::Null),
            ("True", Data::Flag(true)),
            ("yes", Data::Text("yes".into())),
            ("on", Data::Text("on".into())),
            ("10", Data::Whole(10)),
            ("+7", Data::Whole(7)),
            ("-7", Data::Whole(-7)),
            ("0x1f", Data::Whole(31)),
            ("0o17", Data::Whole(15)),
            ("1.5", Data::Number("1.5".into())),
            ("1e3", Data::Number("1e3".into())),
            (".inf", Data::Number(".inf".into())),
            ("1.2.3", Data::Text("1.2.3".into())),
            ("10m", Data::Text("10m".into())),
            (".", Data::Text(".".into())),
            ("e3", Data::Text("e3".into())),
            (
                "99999999999999999999",
                Data::Number("99999999999999999999".into()),
            ),
            ("\"10\"", Data::Text("10".into())),
            ("'true'", Data::Text("true".into())),
        ] {
            assert_eq!(data(text), want, "{text}");
        }
    }

    #[test]
    fn everything_knows_its_place() {
        let root = parse("# first\na:\n  - b\n  - {c: 1}\n").unwrap().unwrap();
        let Data::Map(entries) = root.data else {
            panic!()
        };
        let (key, value) = &entries[0];
        assert_eq!(key.mark, Mark { line: 2, column: 1 });
        let Data::List(items) = &value.data else {
            panic!()
        };
        assert_eq!(items[0].mark, Mark { line: 3, column: 5 });
        assert_eq!(items[1].mark.line, 4);
    }

    #[test]
    fn nothing_is_nothing() {
        for text in ["", "# only a comment\n", "\u{feff}"] {
            assert_eq!(parse(text), Ok(None), "{text:?}");
        }
    }

    #[test]
    fn what_is_out_of_bounds_is_refused_with_its_line() {
        assert_eq!(refused("a: 1\n---\nb: 2\n").0, 2);
        assert!(refused("a: !!str 1").1.contains("tag"));
        assert_eq!(refused("a: [1, {b: \n").0, 1);
        let Data::Map(entries) = data("a: 1\nb:") else {
            panic!()
        };
        assert_eq!(entries[1].1.mark.line, 2);
        // The parser takes a zero for the end of the text.
        for text in ["a: 1\nb\0: [", "a: 1\nb\u{1b}: 2"] {
            let broken = parse(text).unwrap_err();
            assert_eq!(broken.mark, Mark { line: 2, column: 2 }, "{text:?}");
            assert!(broken.message.contains("control character"));
        }
        assert!(refused("a: [1").1.starts_with("not YAML"));
        assert_eq!(refused("a:\n\tb: 2\n").0, 2);
        assert!(refused("a: &x [*x]").1.contains("holds itself"));
        let deep = "[".repeat(40);
        assert!(refused(&deep).1.contains("deeper"));
        // Each level repeats the one before ten times.
        let mut bomb = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n".to_owned();
        for level in 1..9 {
            let aliases = vec![format!("*a{}", level - 1); 10].join(",");
            bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
        }
        assert!(refused(&bomb).1.contains("values"));
    }

    #[test]
    fn an_alias_is_what_it_stands_for() {
        let root = data("a: &x [1, 2]\nb: *x\n");
        let Data::Map(entries) = root else { panic!() };
        assert_eq!(entries[0].1.data, entries[1].1.data);
        assert_eq!(entries[1].1.mark.line, 2);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[-a-c0-1:\\[\\]{},&*!|>'\"#%@`? \t\n~.]{0,60}") {
            let _ = parse(&text);
        }

        #[test]
        fn text_in_quotes_is_read_back(text in any::<String>().prop_filter("no controls", |t| !t.chars().any(char::is_control))) {
            let quoted = serde_json::to_string(&text).unwrap();
            if !text.contains('\u{feff}') {
                prop_assert_eq!(data(&quoted), Data::Text(text));
            }
        }
    }
}
