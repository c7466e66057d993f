//! Facts under a title: label and text in two columns. What `explain` and `doctor` are made of.

use super::TextOptions;
use super::page::{Page, cells};

/// A title and its facts.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// The title.
    pub title: String,
    /// Label and text; an empty label continues the one above.
    pub rows: Vec<(String, String)>,
}

impl Section {
    /// A section without facts yet.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            rows: Vec::new(),
        }
    }

    /// Adds a fact.
    pub fn row(&mut self, label: impl Into<String>, text: impl Into<String>) -> &mut Self {
        self.rows.push((label.into(), text.into()));
        self
    }
}

/// Sections one below the other, with one width for all labels. Sections without rows are left out.
pub fn sections(sections: &[Section], options: &TextOptions) -> String {
    let mut page = Page::new(options);
    write(&mut page, sections);
    page.finish()
}

pub(super) fn write(page: &mut Page<'_>, sections: &[Section]) {
    // A single long label (a path, an address) must not push all texts to the right.
    const WIDEST: usize = 28;
    let label_width = sections
        .iter()
        .flat_map(|s| &s.rows)
        .map(|(label, _)| cells(label))
        .filter(|width| *width <= WIDEST)
        .max()
        .unwrap_or(0);
    for section in sections.iter().filter(|s| !s.rows.is_empty()) {
        page.heading(0, &super::safe::one_line(&section.title));
        for (label, text) in &section.rows {
            page.row(2, label_width, label, text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_stand_in_columns_and_wrap_under_themselves() {
        let mut first = Section::new("State");
        first
            .row("file", "prod.tfstate")
            .row("lineage", "3f1c")
            .row(
                "note",
                "a sentence that is too long for so narrow a terminal",
            );
        let mut options = TextOptions::plain();
        options.width = 40;
        insta::assert_snapshot!(sections(&[first, Section::new("Empty")], &options), @r"
State
  file     prod.tfstate
  lineage  3f1c
  note     a sentence that is too long
           for so narrow a terminal
");
    }
}
