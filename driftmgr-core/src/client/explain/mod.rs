//! Everything about one instance.

mod facts;

use serde::Serialize;

use super::{DriftOptions, Stack};
use crate::address::InstanceAddress;
use crate::drift::DriftReport;
use crate::error::{Error, ErrorKind, Result};
use crate::report::text::{self, TextOptions, shell};

pub use facts::Facts;

/// Everything about one instance. In JSON as `driftmgr explain --format json` prints it: `{"address", "facts", "report"}`.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// The instance, by its address in the state.
    pub address: InstanceAddress,
    /// What is known without asking anybody.
    pub facts: Facts,
    /// What was found for this instance.
    pub report: DriftReport,
}

impl Explanation {
    /// A page for people, as `driftmgr explain` prints it. Secrets are masked.
    pub fn text(&self, options: &TextOptions) -> String {
        text::explain(&self.address, &self.facts.sections(), &self.report, options)
    }
}

impl Stack {
    /// Looks at one instance, and says what is known of it beforehand: its state, its provider, and where that one's configuration comes
    /// from. Targets and exclusions of the options do not count.
    ///
    /// # Errors
    /// - `InvalidInput` for a text that is no address.
    /// - `NotFound` for an instance that the state does not have, with those of the same resource.
    /// - Those of [`Stack::detect_drift`].
    ///
    /// ```no_run
    /// # async fn example(stack: driftmgr_core::client::Stack) -> driftmgr_core::Result<()> {
    /// let options = stack.client().drift_options();
    /// let answer = stack.explain("module.db.aws_db_instance.main", &options).await?;
    /// for (label, text) in &answer.facts.provider {
    ///     println!("{label}: {text}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn explain(&self, address: &str, options: &DriftOptions) -> Result<Explanation> {
        let address: InstanceAddress = address.parse()?;
        if self.state().objects(&address).next().is_none() {
            return Err(unknown(self, &address));
        }
        let options = DriftOptions {
            targets: vec![address.to_string()],
            exclude: Vec::new(),
            ..options.clone()
        };
        let mut report = self.detect_drift(&options).await?;
        // The rest of the state was left out on purpose; that is no news here.
        report.not_looked_at.retain(|n| n.address == address);
        Ok(Explanation {
            facts: Facts::gather(self.client().context(), self, &address, &report),
            address,
            report,
        })
    }
}

/// An error that shows which instances there are.
fn unknown(stack: &Stack, address: &InstanceAddress) -> Error {
    let path = stack.state_path().display().to_string();
    let error = Error::new(
        ErrorKind::NotFound,
        format!("{address} is not in the state"),
    )
    .with("state", &path);
    let near: Vec<String> = stack
        .state()
        .list()
        .iter()
        .filter(|a| a.resource == address.resource)
        .take(5)
        .map(|a| shell(&a.to_string()))
        .collect();
    if near.is_empty() {
        error.with_hint(format!(
            "driftmgr state list --file {} lists what is",
            shell(&path)
        ))
    } else {
        error.with_hint(format!("the state has {}", near.join(", ")))
    }
}
