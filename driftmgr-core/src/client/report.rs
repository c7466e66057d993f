//! What can be made of a report.

use crate::drift::DriftReport;
use crate::drift::ignore::{Candidate, Suggestion, suggest};
use crate::error::Result;
use crate::report::{self, Format, RenderOptions};

impl DriftReport {
    /// The report in a format, as bytes: text in UTF-8, but for the formats of [`Format::is_binary`]. The same report and options give
    /// the same bytes.
    ///
    /// # Errors
    /// `InvalidInput` for a time before the year -9999 or after 9999.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use driftmgr_core::drift::DriftReport;
    /// use driftmgr_core::report::{Format, RenderOptions};
    ///
    /// # fn main() -> driftmgr_core::Result<()> {
    /// let options = RenderOptions::new(SystemTime::now());
    /// let page = DriftReport::default().render(Format::Html, &options)?;
    /// assert!(page.starts_with(b"<!doctype html>"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn render(&self, format: Format, options: &RenderOptions) -> Result<Vec<u8>> {
        report::render(self, format, options)
    }

    /// Ignore rules that would hide what the report shows and a rule may hide, the narrowest first. Each needs a reason before it can be
    /// used.
    ///
    /// ```
    /// # use driftmgr_core::drift::DriftReport;
    /// assert!(DriftReport::default().suggest_ignores().is_empty());
    /// ```
    pub fn suggest_ignores(&self) -> Vec<Suggestion> {
        suggest(&Candidate::of(self))
    }
}
