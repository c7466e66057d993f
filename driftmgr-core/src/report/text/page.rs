//! A page of text: lines with an indent, wrapped prose, columns. Widths are measured as a terminal draws them.

use std::fmt::Display;

use anstyle::Style as Ansi;
use unicode_width::UnicodeWidthStr as _;

use super::style::{Style, paint};
use super::{TextOptions, safe};

/// How many terminal cells a text takes.
pub(super) fn cells(text: &str) -> usize {
    text.width()
}

/// Cuts a text to so many cells; `…` stands for the rest.
pub(super) fn cut(text: &str, width: usize) -> String {
    if cells(text) <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let next = unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
        if used + next + 1 > width {
            break;
        }
        used += next;
        out.push(c);
    }
    out.push('…');
    out
}

/// `1 object`, `2 objects`.
pub(crate) fn count(n: u64, singular: &str, plural: &str) -> String {
    format!("{n} {}", if n == 1 { singular } else { plural })
}

/// A text under construction.
pub(super) struct Page<'a> {
    out: String,
    pub(super) options: &'a TextOptions,
}

impl<'a> Page<'a> {
    pub(super) fn new(options: &'a TextOptions) -> Self {
        Self {
            out: String::new(),
            options,
        }
    }

    pub(super) fn style(&self) -> &'a Style {
        &self.options.style
    }

    /// Cells left of a line with this indent.
    pub(super) fn room(&self, indent: usize) -> usize {
        self.options.width.saturating_sub(indent).max(20)
    }

    /// One line, already safe and styled.
    pub(super) fn line(&mut self, indent: usize, text: impl Display) {
        self.out.extend(std::iter::repeat_n(' ', indent));
        let before = self.out.len();
        use std::fmt::Write as _;
        // Writing to a String cannot fail.
        let _ = write!(self.out, "{text}");
        if self.out.len() == before {
            self.out.truncate(before - indent);
        }
        self.out.push('\n');
    }

    /// An empty line between two parts; none at the top and never two.
    pub(super) fn gap(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// A heading after a gap.
    pub(super) fn heading(&mut self, indent: usize, text: &str) {
        self.gap();
        self.line(indent, paint(self.style().heading, text));
    }

    /// Outside prose, wrapped at words; lines after the first are indented by `hang` more.
    pub(super) fn prose(&mut self, indent: usize, hang: usize, style: Ansi, text: &str) {
        let mut first = true;
        for part in safe::lines(text) {
            for line in wrap(&part, self.room(indent), self.room(indent + hang), first) {
                let indent = if first { indent } else { indent + hang };
                self.line(indent, paint(style, line));
                first = false;
            }
        }
    }

    /// Label and text in two columns, the text wrapped under itself.
    pub(super) fn row(&mut self, indent: usize, label_width: usize, label: &str, text: &str) {
        let label = safe::one_line(label);
        let pad = label_width.saturating_sub(cells(&label));
        let start = indent + label_width + 2;
        let mut first = true;
        for part in safe::lines(text) {
            for line in wrap(&part, self.room(start), self.room(start), true) {
                if first {
                    let label = paint(self.style().quiet, &label);
                    self.line(indent, format!("{label}{}  {line}", " ".repeat(pad)));
                } else {
                    self.line(start, line);
                }
                first = false;
            }
        }
        if first {
            self.line(indent, paint(self.style().quiet, label));
        }
    }

    /// A table without rules; columns are as wide as their widest cell. On request the last one is cut to the width, unless values
    /// are wanted in full.
    pub(super) fn table(&mut self, indent: usize, rows: &[Vec<String>], cut_last: bool) {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|i| {
                rows.iter()
                    .filter_map(|row| row.get(i))
                    .map(|cell| cells(cell))
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        for row in rows {
            let mut line = String::new();
            let mut used = 0;
            for (i, cell) in row.iter().enumerate() {
                let width = widths.get(i).copied().unwrap_or(0);
                if i + 1 < row.len() {
                    line.push_str(cell);
                    line.push_str(&" ".repeat(width.saturating_sub(cells(cell)) + 2));
                    used += width + 2;
                } else if self.options.wide || !cut_last {
                    line.push_str(cell);
                } else {
                    line.push_str(&cut(cell, self.room(indent + used)));
                }
            }
            self.line(indent, line.trim_end());
        }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }
}

/// Breaks a line at spaces. Words longer than the room stay whole: a path or an address that is broken cannot be copied.
fn wrap(text: &str, first_room: usize, room: usize, first: bool) -> Vec<String> {
    let lead: String = text.chars().take_while(|c| *c == ' ').collect();
    let mut lines = vec![lead.clone()];
    let mut limit = if first { first_room } else { room };
    for word in text.split_ascii_whitespace() {
        let Some(line) = lines.last_mut() else { break };
        let fresh = line.len() == lead.len();
        if fresh || cells(line) + 1 + cells(word) <= limit {
            if !fresh {
                line.push(' ');
            }
            line.push_str(word);
        } else {
            limit = room;
            lines.push(format!("{lead}{word}"));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_by_cells_and_not_by_bytes() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("日本語", 4), "日…");
    }

    #[test]
    fn wraps_at_words_and_never_inside_one() {
        assert_eq!(wrap("aa bb cc", 5, 5, true), ["aa bb", "cc"]);
        assert_eq!(
            wrap("a /very/long/path b", 6, 6, true),
            ["a", "/very/long/path", "b"]
        );
        assert_eq!(wrap("", 5, 5, true), [""]);
    }

    #[test]
    fn columns_line_up() {
        let options = TextOptions::plain();
        let mut page = Page::new(&options);
        page.table(
            2,
            &[
                vec!["a".into(), "日本".into(), "x".into()],
                vec!["bbb".into(), "c".into(), "y".into()],
            ],
            true,
        );
        assert_eq!(page.finish(), "  a    日本  x\n  bbb  c     y\n");
    }
}
