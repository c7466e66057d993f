//! The severity rules that hold, as data.

use super::Client;
use crate::drift::ListedRule;

impl Client {
    /// The severity rules that hold: those of the settings, then the built-in ones, each with the family that it belongs to. `docs/rules.md`
    /// describes the form.
    ///
    /// ```
    /// # fn main() -> driftmgr_core::Result<()> {
    /// let client = driftmgr_core::client::Client::builder().build()?;
    /// assert!(client.rules().iter().any(|listed| listed.origin == "aws"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn rules(&self) -> Vec<ListedRule<'_>> {
        self.rules.list().collect()
    }
}
