//! One attribute that differs: from what to what.

use anstyle::Style as Ansi;
use similar::{ChangeTag, TextDiff};

use super::page::{Page, cells, cut};
use super::style::paint;
use super::{safe, value};
use crate::redact::MASK;
use crate::value::{Path, PathSet, Value};

/// Lines of a document diff that are shown when values are not wanted in full.
const DIFF_LINES: usize = 16;
/// What stands for a side that has nothing at the path.
const NOTHING: &str = "(none)";

/// A change as the reports of this module have it in common.
pub(super) struct Change<'a> {
    pub(super) path: &'a Path,
    pub(super) before: Option<&'a Value>,
    pub(super) after: Option<&'a Value>,
    /// Parts of both sides that must not be shown.
    pub(super) secret: &'a PathSet,
    /// One of the sides is a secret or holds one.
    pub(super) sensitive: bool,
    /// What the sides are called where they stand on lines of their own.
    pub(super) sides: [&'a str; 2],
    /// Said after the values.
    pub(super) notes: Vec<(Ansi, String)>,
}

/// True when a value had to be cut.
pub(super) fn write(page: &mut Page<'_>, indent: usize, change: &Change<'_>) -> bool {
    let path = value::path(change.path, change.secret);
    let notes: String = change
        .notes
        .iter()
        .map(|(style, note)| format!("  {}", paint(*style, note)))
        .collect();
    if !change.sensitive
        && !change.secret.hides(change.path)
        && let Some((before, after)) = value::documents(change.before, change.after)
    {
        let [state, reality] = change.sides;
        page.line(indent, format!("{path}: (- {state}, + {reality}){notes}"));
        return document(page, indent + 2, &before, &after);
    }
    let shown = |side: Option<&Value>| match side {
        None => NOTHING.to_owned(),
        // A secret that no path of the object names: nothing of it may be shown.
        Some(_) if change.sensitive && !change.secret.hides(change.path) => MASK.to_owned(),
        Some(side) => value::inline(side, change.path, change.secret),
    };
    let (before, after) = (shown(change.before), shown(change.after));
    if before == after {
        // What differs is behind the mask.
        page.line(indent, format!("{path}: {before} differs{notes}"));
        return false;
    }
    let style = *page.style();
    let note_cells: usize = change.notes.iter().map(|(_, n)| cells(n) + 2).sum();
    let line_cells = indent + cells(&path) + 2 + cells(&before) + 3 + cells(&after) + note_cells;
    if line_cells <= page.options.width || line_cells <= indent + 40 {
        let before = paint(style.gone, before);
        let after = paint(style.added, after);
        page.line(indent, format!("{path}: {before} → {after}{notes}"));
        return false;
    }
    let [state, reality] = change.sides;
    let label_width = cells(state).max(cells(reality)) + 1;
    let room = page.room(indent + 2 + label_width + 1);
    let (before, after, was_cut) = if page.options.wide {
        (before, after, false)
    } else {
        focus(&before, &after, room)
    };
    page.line(indent, format!("{path}:{notes}"));
    for (side, colour, text) in [(state, style.gone, before), (reality, style.added, after)] {
        let pad = " ".repeat(label_width - cells(side) - 1);
        page.line(indent + 2, format!("{side}:{pad} {}", paint(colour, text)));
    }
    was_cut
}

/// Cuts two texts to the room so that their first difference is in sight.
fn focus(before: &str, after: &str, room: usize) -> (String, String, bool) {
    if cells(before) <= room && cells(after) <= room {
        return (before.to_owned(), after.to_owned(), false);
    }
    let same = before
        .chars()
        .zip(after.chars())
        .take_while(|(a, b)| a == b)
        .count();
    let skip = if same > room / 2 { same - room / 4 } else { 0 };
    let window = |text: &str| {
        let rest: String = text.chars().skip(skip).collect();
        if skip > 0 {
            format!("…{}", cut(&rest, room.saturating_sub(1)))
        } else {
            cut(&rest, room)
        }
    };
    (window(before), window(after), true)
}

/// A line diff with two lines of context.
fn document(page: &mut Page<'_>, indent: usize, before: &str, after: &str) -> bool {
    let style = *page.style();
    let diff = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    for (i, group) in diff.grouped_ops(2).iter().enumerate() {
        if i > 0 {
            lines.push(paint(style.quiet, "  …"));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (sign, colour) = match change.tag() {
                ChangeTag::Delete => ("- ", style.gone),
                ChangeTag::Insert => ("+ ", style.added),
                ChangeTag::Equal => ("  ", style.quiet),
            };
            let text = change.value();
            let mut text = safe::lines(text).pop().unwrap_or_default();
            if change.missing_newline() && change.tag() != ChangeTag::Equal {
                text.push_str("  (no line break at the end)");
            }
            lines.push(paint(colour, format!("{sign}{text}")));
        }
    }
    let shown = if page.options.wide {
        lines.len()
    } else {
        DIFF_LINES
    };
    for line in lines.iter().take(shown) {
        page.line(indent, line);
    }
    let left = lines.len().saturating_sub(shown);
    if left > 0 {
        page.line(indent, paint(style.quiet, format!("… {left} more lines")));
    }
    left > 0
}

#[cfg(test)]
mod tests {
    use super::super::TextOptions;
    use super::*;
    use crate::value::Step;

    fn text(before: Option<&str>, after: Option<&str>, secret: &[&Path], wide: bool) -> String {
        let options = TextOptions {
            width: 60,
            wide,
            ..TextOptions::plain()
        };
        let path = Path::attribute_of_root("tags").join(Step::Key("a b".to_owned()));
        let secret: PathSet = secret.iter().map(|p| (*p).clone()).collect();
        let (before, after) = (before.map(Value::from), after.map(Value::from));
        let mut page = Page::new(&options);
        write(
            &mut page,
            2,
            &Change {
                path: &path,
                before: before.as_ref(),
                after: after.as_ref(),
                secret: &secret,
                sensitive: secret.touches(&path),
                sides: ["state", "reality"],
                notes: vec![(Ansi::new(), "(forces replacement)".to_owned())],
            },
        );
        page.finish()
    }

    #[test]
    fn short_values_stand_on_one_line() {
        assert_eq!(
            text(Some("x"), None, &[], false),
            "  tags[\"a b\"]: \"x\" → (none)  (forces replacement)\n"
        );
    }

    #[test]
    fn long_values_show_where_they_differ() {
        let long = "x".repeat(100);
        let (a, b) = (format!("{long}A"), format!("{long}B"));
        insta::assert_snapshot!(text(Some(&a), Some(&b), &[], false), @r#"
tags["a b"]:  (forces replacement)
  state:   …xxxxxxxxxxxA"
  reality: …xxxxxxxxxxxB"
"#);
        assert!(text(Some(&a), Some(&b), &[], true).contains(&a));
    }

    #[test]
    fn documents_are_shown_line_by_line() {
        let many: String = (0..40).map(|i| format!("line {i}\n")).collect();
        let other = many.replace("line 20\n", "line twenty\n");
        insta::assert_snapshot!(text(Some(&many), Some(&other), &[], false), @r#"
tags["a b"]: (- state, + reality)  (forces replacement)
    line 18
    line 19
  - line 20
  + line twenty
    line 21
    line 22
"#);
        insta::assert_snapshot!(
            text(Some(r#"{"Version":"1","Allow":["a"]}"#), Some(r#"{"Version":"1","Allow":["a","b"]}"#), &[], false),
            @r#"
tags["a b"]: (- state, + reality)  (forces replacement)
      "Version": "1",
      "Allow": [
  -     "a"
  +     "a",
  +     "b"
      ]
    }
"#
        );
    }

    #[test]
    fn a_secret_never_shows() {
        let path = Path::attribute_of_root("tags");
        for wide in [false, true] {
            let shown = text(Some("hunter2\nx"), Some("hunter3\nx"), &[&path], wide);
            assert!(!shown.contains("hunter") && shown.contains(MASK), "{shown}");
            let shown = text(None, Some("hunter3"), &[&path], wide);
            assert!(!shown.contains("hunter") && shown.contains(MASK), "{shown}");
        }
    }
}
