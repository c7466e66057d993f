//! Changes inside JSON text that leave the rest of the text alone.

use std::ops::Range;

use serde_json::value::RawValue;

use crate::state::read::json::{self, Document};
use crate::state::text::indent_into;

/// A new value for a place.
pub(super) enum Text {
    /// Goes in as it is.
    Verbatim(String),
    /// Compact JSON, to be indented as its surroundings are.
    Made(String),
}

/// The members of an object in order, duplicates included; empty when the text is no object.
pub(super) fn members(object: &str) -> Vec<(String, &str)> {
    let fields = json::object(object).unwrap_or_default().fields;
    let fields = fields.into_iter();
    fields.map(|(name, raw)| (name.into_owned(), raw)).collect()
}

/// The elements of a list; empty when the text is none.
pub(super) fn elements(list: &str) -> Vec<&str> {
    serde_json::from_str::<Vec<&RawValue>>(list).map_or_else(
        |_| Vec::new(),
        |items| items.into_iter().map(RawValue::get).collect(),
    )
}

/// Names of fields are matched without regard to case, names of outputs are not.
#[derive(Clone, Copy)]
pub(super) enum Names {
    Fields,
    Exact,
}

/// An object with some members changed, removed (`None`) or added at the end.
pub(super) fn object(text: &str, names: Names, changes: Vec<(String, Option<Text>)>) -> String {
    if changes.is_empty() {
        return text.to_owned();
    }
    let document = Document { text };
    let mut places = Vec::new();
    let mut end_of_last = 1;
    for (name, value) in members(text) {
        let value = document.range(value);
        let between = text.get(end_of_last..value.start).unwrap_or_default();
        let skipped = between.len()
            - between
                .trim_start_matches([' ', '\t', '\r', '\n', ','])
                .len();
        let start = end_of_last + skipped;
        end_of_last = value.end;
        places.push(Member { name, start, value });
    }
    let style = Style::of(text, &places);
    let matches = |member: &Member, name: &str| match names {
        Names::Fields => member.name.eq_ignore_ascii_case(name),
        Names::Exact => member.name == name,
    };
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    let mut added = Vec::new();
    let mut kept: Vec<bool> = vec![true; places.len()];
    for (name, value) in changes {
        let last = places.iter().rposition(|m| matches(m, &name));
        match (value, last.and_then(|at| places.get(at))) {
            (Some(value), Some(member)) => {
                edits.push((member.value.clone(), style.render(value)));
            }
            (Some(value), None) => added.push((name, style.render(value))),
            (None, _) => {
                for (member, kept) in places.iter().zip(&mut kept) {
                    *kept = *kept && !matches(member, &name);
                }
            }
        }
    }
    if kept.contains(&false) || !added.is_empty() {
        return rebuilt(text, &places, &kept, &edits, added, &style);
    }
    edits.sort_by_key(|(range, _)| range.start);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (range, value) in edits {
        out.push_str(text.get(at..range.start).unwrap_or_default());
        out.push_str(&value);
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

struct Member {
    name: String,
    start: usize,
    value: Range<usize>,
}

fn rebuilt(
    text: &str,
    places: &[Member],
    kept: &[bool],
    edits: &[(Range<usize>, String)],
    added: Vec<(String, String)>,
    style: &Style,
) -> String {
    let old = places
        .iter()
        .zip(kept)
        .filter(|(_, kept)| **kept)
        .map(|(member, _)| {
            let head = text
                .get(member.start..member.value.start)
                .unwrap_or_default();
            let edited = edits.iter().find(|(range, _)| *range == member.value);
            let value = edited.map_or_else(
                || text.get(member.value.clone()).unwrap_or_default(),
                |(_, value)| value.as_str(),
            );
            format!("{head}{value}")
        });
    let new = added.into_iter().map(|(name, value)| {
        let name = serde_json::Value::from(name);
        format!("{name}{}{value}", style.colon)
    });
    style.join('{', old.chain(new), '}')
}

/// A list of these elements, in the layout of the list that they replace. `within` is the object that holds the list.
pub(super) fn list(old: &str, within: &str, new: Vec<Text>) -> String {
    let document = Document { text: old };
    let first = elements(old).first().map(|first| document.range(first));
    let style = match first {
        Some(first) => Style {
            lead: old.get(1..first.start).unwrap_or_default().to_owned(),
            trail: trailing_space(old).to_owned(),
            colon: ": ".into(),
        },
        None => {
            let places: Vec<Member> = members(within)
                .into_iter()
                .take(1)
                .map(|(name, value)| {
                    let value = Document { text: within }.range(value);
                    let lead = within.get(1..).unwrap_or_default();
                    let start = 1 + lead.len() - lead.trim_start().len();
                    Member { name, start, value }
                })
                .collect();
            let outer = Style::of(within, &places);
            let more = if outer.lead.contains('\n') { "  " } else { "" };
            Style {
                lead: format!("{}{more}", outer.lead),
                trail: outer.lead,
                colon: outer.colon,
            }
        }
    };
    let texts: Vec<String> = new.into_iter().map(|text| style.render(text)).collect();
    style.join('[', texts.into_iter(), ']')
}

fn trailing_space(text: &str) -> &str {
    let inner = text.get(..text.len().saturating_sub(1)).unwrap_or_default();
    inner.get(inner.trim_end().len()..).unwrap_or_default()
}

/// The white space of an object or list.
struct Style {
    lead: String,
    trail: String,
    colon: String,
}

impl Style {
    fn of(text: &str, places: &[Member]) -> Self {
        let Some(first) = places.first() else {
            return Self {
                lead: String::new(),
                trail: String::new(),
                colon: ":".into(),
            };
        };
        let head = text.get(first.start..first.value.start).unwrap_or_default();
        let colon = head.rfind('"').and_then(|quote| head.get(quote + 1..));
        Self {
            lead: text.get(1..first.start).unwrap_or_default().to_owned(),
            trail: trailing_space(text).to_owned(),
            colon: colon.unwrap_or(":").to_owned(),
        }
    }

    fn render(&self, text: Text) -> String {
        match text {
            Text::Verbatim(text) => text,
            Text::Made(json) => match self.lead.rsplit_once('\n') {
                Some((_, spaces)) => {
                    let mut out = String::new();
                    indent_into(&mut out, &json, spaces.len() / 2);
                    out
                }
                None => json,
            },
        }
    }

    fn join(&self, open: char, parts: impl Iterator<Item = String>, close: char) -> String {
        let parts: Vec<String> = parts.collect();
        if parts.is_empty() {
            return format!("{open}{close}");
        }
        let separator = format!(",{}", self.lead);
        format!(
            "{open}{}{}{}{close}",
            self.lead,
            parts.join(&separator),
            self.trail
        )
    }
}
