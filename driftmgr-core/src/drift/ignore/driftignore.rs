//! `.driftignore`: the file that driftctl users have, with the meaning it has there.
//!
//! A line is a gitignore pattern over `TYPE.ID`, ID being the object's `id` attribute. It speaks of the object and, unless it ends with
//! `*`, also of its attributes, `TYPE.ID.ATTRIBUTE`; for those it can be written out as well. `*` stands for any run of characters, `?` for
//! one, `[a-z]` for one of several; a `/` is a character like any other, since ids have them; `\\` takes the meaning from the next character.
//! A line with `!` in front takes back what lines above it ignore; the last line that fits decides. An object that is ignored as a whole
//! is ignored with all its attributes, whatever is said of them. See <https://docs.driftctl.com/usage/filtering/driftignore>.
//!
//! driftctl drops lines that it cannot read; here each is a problem with file and line. A comment above a line (or above several, up to an
//! empty line) is taken for its reason.

use regex::{RegexSet, RegexSetBuilder};

use super::outcome::{Origin, RuleOutcome, Tally, each, is_managed};
use crate::drift::model::{AttributeChange, DriftReport, Finding, Hidden};
use crate::drift::noise::Silencer;
use crate::error::{Error, Partial};
use crate::value::{Path, Step, Value};

/// The name of the rule in reports.
const RULE: &str = "driftignore";

/// Bytes that all patterns of a file may take once they are compiled: room for some hundred thousand lines.
const SIZE: usize = 1 << 28;

/// A `.driftignore` that was read.
#[derive(Debug, Clone)]
pub struct DriftIgnore {
    lines: Vec<Line>,
    /// The lines' patterns, in their order.
    patterns: RegexSet,
}

#[derive(Debug, Clone)]
struct Line {
    /// As it is written, without a leading `!`.
    text: String,
    takes_back: bool,
    reason: Option<String>,
    origin: Origin,
}

impl DriftIgnore {
    /// Reads the text of a file, named as `file` in reasons and problems. A line that is no pattern ignores nothing and is a problem.
    pub fn parse(text: &str, file: &str) -> Partial<Self> {
        let mut problems = Vec::new();
        let mut lines = Vec::new();
        let mut patterns = Vec::new();
        let mut comment: Option<String> = None;
        let mut after_comment = false;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (i, written) in text.lines().enumerate() {
            let origin = Origin::new(file, i + 1);
            if written.trim().is_empty() {
                (comment, after_comment) = (None, false);
            } else if let Some(said) = written.strip_prefix('#') {
                let said = said.trim();
                match comment.as_mut().filter(|_| after_comment) {
                    Some(comment) => *comment = format!("{comment} {said}").trim().to_owned(),
                    None => comment = Some(said.to_owned()),
                }
                after_comment = true;
            } else {
                after_comment = false;
                match pattern(written, &origin) {
                    Ok((line, pattern)) => {
                        let reason = comment.clone().filter(|c| !c.is_empty());
                        lines.push(Line { reason, ..line });
                        patterns.push(pattern);
                    }
                    Err(error) => problems.push(error),
                }
            }
        }
        let set = match RegexSetBuilder::new(&patterns).size_limit(SIZE).build() {
            Ok(set) => set,
            Err(_) => {
                lines.clear();
                let whole = Origin {
                    file: file.to_owned(),
                    line: None,
                };
                problems.push(whole.error("the file has too many patterns: nothing is ignored"));
                RegexSet::empty()
            }
        };
        Partial {
            value: Self {
                lines,
                patterns: set,
            },
            problems,
        }
    }

    /// Whether an object is ignored as a whole.
    pub fn ignores(&self, resource_type: &str, id: &str) -> bool {
        self.deciding(&format!("{resource_type}.{id}")).is_some()
    }

    /// Whether an attribute of an object is ignored, or the object as a whole.
    pub fn ignores_attribute(&self, resource_type: &str, id: &str, path: &Path) -> bool {
        self.ignores(resource_type, id)
            || self
                .deciding(&format!("{resource_type}.{id}.{}", dotted(path)))
                .is_some()
    }

    /// Whether no object of a type needs to be looked for. A line that takes something of the type back keeps it, and so does a type
    /// that is not ignored among its `children`, those whose objects are found through its own; a type may be its own descendant.
    pub fn ignores_type(
        &self,
        resource_type: &str,
        children: &dyn Fn(&str) -> Vec<String>,
    ) -> bool {
        let mut waiting = vec![resource_type.to_owned()];
        let mut seen = std::collections::BTreeSet::new();
        while let Some(each) = waiting.pop() {
            if !seen.insert(each.clone()) {
                continue;
            }
            let prefix = format!("{each}.");
            let mut back = self.lines.iter().filter(|line| line.takes_back);
            if back.any(|line| line.text.starts_with(&prefix))
                || self.deciding(&format!("{each}.*")).is_none()
            {
                return false;
            }
            waiting.extend(children(&each));
        }
        true
    }

    /// The line that ignores the text: the last that fits it, unless that one takes it back.
    fn deciding(&self, text: &str) -> Option<&Line> {
        let last = self.patterns.matches(text).into_iter().next_back()?;
        self.lines.get(last).filter(|line| !line.takes_back)
    }
}

/// The texts that a finding and one of its changes are matched by.
fn texts(finding: &Finding, change: Option<&AttributeChange>) -> (String, Option<String>) {
    let id = match finding.before.attribute("id") {
        Some(Value::String(id)) => id.clone(),
        Some(Value::Number(id)) => id.to_string(),
        _ => String::new(),
    };
    let object = format!("{}.{id}", finding.address.resource.resource_type);
    let attribute = change.map(|change| format!("{object}.{}", dotted(&change.path)));
    (object, attribute)
}

/// Names, keys and positions joined by dots, as driftctl joins them. Members of sets have no name.
fn dotted(path: &Path) -> String {
    let each = path.steps().iter().map(|step| match step {
        Step::Attribute(name) | Step::Key(name) => name.clone(),
        Step::Index(index) => index.to_string(),
        Step::Element(_) => "…".to_owned(),
    });
    each.collect::<Vec<_>>().join(".")
}

impl Silencer for DriftIgnore {
    fn silences(&self, finding: &Finding, change: &AttributeChange) -> Option<Hidden> {
        let (object, attribute) = texts(finding, Some(change));
        let line = self
            .deciding(&object)
            .or_else(|| self.deciding(&attribute?))?;
        let reason = match &line.reason {
            Some(reason) => format!("{reason} ({})", line.origin),
            None => format!("`{}` ({})", line.text, line.origin),
        };
        Some(Hidden {
            rule: RULE.to_owned(),
            reason,
        })
    }

    fn outcomes(&self, report: &DriftReport) -> Vec<RuleOutcome> {
        let mut tallies = vec![Tally::default(); self.lines.len()];
        for (finding, change) in each(report) {
            let (object, attribute) = texts(finding, change);
            let ignored = self.deciding(&object).is_some()
                || attribute
                    .as_ref()
                    .is_some_and(|a| self.deciding(a).is_some());
            let mut fitting: Vec<usize> = self.patterns.matches(&object).into_iter().collect();
            if let Some(attribute) = &attribute {
                fitting.extend(self.patterns.matches(attribute));
            }
            fitting.sort_unstable();
            fitting.dedup();
            for at in fitting {
                match tallies.get_mut(at) {
                    Some(tally) if ignored => tally.add(finding, change),
                    Some(tally) => tally.overruled(),
                    None => {}
                }
            }
        }
        // The id of what was not looked at is not in the report, so any line may speak of it.
        let unseen = report.not_looked_at.iter().any(is_managed);
        let outcomes = self.lines.iter().zip(tallies).map(|(line, mut tally)| {
            if unseen {
                tally.unseen();
            }
            (line, tally.outcome(RULE, line.origin.clone()))
        });
        // A line that takes something back hides nothing, and objects without a difference, which it may be for, are not in a report.
        outcomes
            .filter(|(line, _)| !line.takes_back)
            .map(|(_, outcome)| outcome)
            .collect()
    }
}

/// A line and the regular expression of what it fits.
fn pattern(written: &str, origin: &Origin) -> Result<(Line, String), Error> {
    let takes_back = written.starts_with('!');
    let text = written.strip_prefix('!').unwrap_or(written);
    // A final space counts only when it is escaped.
    let trimmed = text.trim_end_matches(' ');
    let text = match text.get(trimmed.len()..) {
        Some(rest) if !rest.is_empty() && trimmed.ends_with('\\') => format!("{trimmed} "),
        _ => trimmed.to_owned(),
    };
    let wrong = |what: &str| {
        origin
            .error(format!("`{written}` ignores nothing: {what}"))
            .with_hint(
                "a line is TYPE.ID or TYPE.ID.ATTRIBUTE, such as aws_instance.i-0123 or *.tags",
            )
    };
    if text.is_empty() || text.starts_with('.') {
        return Err(wrong("expected a resource type before the first dot"));
    }
    let (expression, open_end) = translate(&text).map_err(wrong)?;
    let fields = if open_end { "" } else { r"(?:\..*)?" };
    let expression = format!("(?s)^{expression}{fields}$");
    let line = Line {
        text,
        takes_back,
        reason: None,
        origin: origin.clone(),
    };
    Ok((line, expression))
}

/// The regular expression of a gitignore pattern, and whether it ends with `*`.
fn translate(text: &str) -> Result<(String, bool), &'static str> {
    let mut out = String::new();
    let mut open_end = false;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        open_end = c == '*';
        match c {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            '\\' => {
                let c = chars
                    .next()
                    .ok_or("a final \\ takes the meaning from nothing")?;
                out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
            }
            '[' => {
                let (class, rest) = class(chars.as_str())?;
                out.push_str(&class);
                chars = rest.chars();
            }
            c => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    Ok((out, open_end))
}

/// A class of characters as a regular expression; `text` begins after the `[`, and what follows the `]` is given back.
fn class(text: &str) -> Result<(String, &str), &'static str> {
    const OPEN: &str = "a [ is not closed with ]; write \\[ for the character";
    let negated = text.starts_with(['!', '^']);
    let mut chars = text.get(usize::from(negated)..).unwrap_or_default().chars();
    let mut members = Vec::new();
    let mut in_range = false;
    // The first of a range; `None` after a whole one, where a `-` is a character.
    let mut first = None;
    loop {
        let c = match chars.next().ok_or(OPEN)? {
            ']' if !members.is_empty() => break,
            '\\' => chars.next().ok_or(OPEN)?,
            '-' if !members.is_empty() && !in_range && !chars.as_str().starts_with(']') => {
                in_range = true;
                members.push("-".to_owned());
                continue;
            }
            c => c,
        };
        first = match first {
            Some(first) if in_range && first > c => {
                return Err("a range in brackets is not in order");
            }
            Some(_) if in_range => None,
            _ => Some(c),
        };
        in_range = false;
        // Every character by its number: nothing in it can have a meaning of its own.
        members.push(format!("\\x{{{:x}}}", u32::from(c)));
    }
    let sign = if negated { "^" } else { "" };
    Ok((format!("[{sign}{}]", members.concat()), chars.as_str()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Compiling each line by itself would take far longer than all of them together.
        #[test]
        fn what_is_translated_is_an_expression(text in "\\PC{0,20}", dense in "[\\[\\]!\\\\^a-c-]{0,20}") {
            for text in [text, dense] {
                if let Ok((expression, _)) = translate(&text) {
                    prop_assert!(regex::Regex::new(&expression).is_ok(), "{text} {expression}");
                }
            }
        }
    }

    #[test]
    fn a_range_out_of_order_is_refused() {
        for (text, want) in [
            ("[a-z]", true),
            ("[z-a]", false),
            ("[a-b-a]", true),
            ("[a-b-d-c]", false),
            ("[--a]", true),
            ("[a-]", true),
            ("[!c-a]", false),
        ] {
            assert_eq!(translate(text).is_ok(), want, "{text}");
            let expression = translate(text).map(|(expression, _)| expression);
            let compiled = expression.map(|e| regex::Regex::new(&e).is_ok());
            assert_eq!(compiled.unwrap_or_default(), want, "{text}");
        }
    }
}
