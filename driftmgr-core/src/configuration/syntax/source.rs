//! Source files and places in them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A place in a file of the configuration: `main.tf:12:3`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The file, as it was reached from the folder that was asked for.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

/// Byte offsets into a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl From<std::ops::Range<usize>> for Span {
    fn from(range: std::ops::Range<usize>) -> Self {
        Self {
            start: range.start,
            end: range.end,
        }
    }
}

/// A file's text and where its lines begin.
pub(crate) struct SourceFile {
    path: PathBuf,
    text: String,
    line_starts: Vec<usize>,
}

impl SourceFile {
    /// Takes a byte order mark off, as Terraform does.
    pub(crate) fn new(path: impl Into<PathBuf>, text: &str) -> Arc<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Arc::new(Self {
            path: path.into(),
            text,
            line_starts,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    pub(crate) fn location(&self, offset: usize) -> Location {
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = line
            .checked_sub(1)
            .and_then(|i| self.line_starts.get(i))
            .copied()
            .unwrap_or_default();
        let column = self
            .text
            .get(start..offset)
            .map_or(offset.saturating_sub(start), |t| t.chars().count());
        Location {
            file: self.path.clone(),
            line,
            column: column + 1,
        }
    }
}

impl fmt::Debug for SourceFile {
    /// The path only: a configuration can hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourceFile({})", self.path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_characters() {
        let file = SourceFile::new("a.tf", "\u{feff}a = 1\nü = \"x\"\n");
        let at = |offset| file.location(offset).to_string();
        assert_eq!(at(0), "a.tf:1:1");
        assert_eq!(at(5), "a.tf:1:6");
        assert_eq!(at(6), "a.tf:2:1");
        assert_eq!(at(file.text().find('x').unwrap()), "a.tf:2:6");
        assert_eq!(at(1000), "a.tf:3:986");
    }
}
