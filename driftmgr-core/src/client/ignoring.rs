//! The files that say what is not to be shown, and writing one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::DriftOptions;
use crate::context::Context;
use crate::drift::DriftReport;
use crate::drift::ignore::{Baseline, DriftIgnore, Standpoint};
use crate::error::{Error, Partial, Result};

/// The options with what their files say, and without the files; problems are lines that are wrong.
///
/// # Errors
/// Those of reading a file that is named.
pub(super) fn read(cx: &Context, options: &DriftOptions) -> Result<Partial<DriftOptions>> {
    let mut read = Partial::complete(options.clone());
    let folder = cx.environment().current_dir();
    if let Some(file) = read.value.driftignore.take() {
        let text = std::fs::read_to_string(folder.join(&file))
            .map_err(|e| Error::io("read the list of what to ignore", &file, e))?;
        let ignored = DriftIgnore::parse(&text, &file.display().to_string());
        read.value.filter.silencers.push(Arc::new(ignored.value));
        read.problems.extend(ignored.problems);
    }
    if let Some(file) = read.value.baseline.take() {
        let known = baseline(folder, &file)?;
        read.value.filter.silencers.push(Arc::new(known.value));
        read.problems.extend(known.problems);
    }
    Ok(read)
}

fn baseline(folder: &Path, file: &Path) -> Result<Partial<Baseline>> {
    let text = std::fs::read_to_string(folder.join(file)).map_err(|e| {
        Error::io("read the baseline", file, e)
            .with_hint("driftmgr drift --write-baseline FILE --reason TEXT writes one")
    })?;
    let standpoint = Standpoint {
        current_dir: folder.to_owned(),
        file: file.to_owned(),
    };
    Ok(Baseline::parse(&text, standpoint))
}

impl Baseline {
    /// Reads a baseline file; relative paths start at the process's working folder. An entry that is wrong hides nothing and is a problem
    /// with file and line.
    ///
    /// # Errors
    /// `NotFound`, `PermissionDenied` and `Unavailable` for a file that cannot be read.
    pub fn read<P: AsRef<Path>>(file: P) -> Result<Partial<Self>> {
        baseline(&working_folder()?, file.as_ref())
    }

    /// Writes it to its file, over what is there.
    ///
    /// # Errors
    /// `NotFound`, `PermissionDenied` and `Unavailable` for a place that cannot be written.
    pub fn write(&self) -> Result<()> {
        let at = self.standpoint();
        std::fs::write(at.current_dir.join(&at.file), self.to_json())
            .map_err(|e| Error::io("write the baseline", &at.file, e))
    }
}

impl DriftReport {
    /// All that the report shows as a list of what is known today, for `file` and with one reason for all of it. What `previous` knows keeps
    /// its date and reason. Changes of secrets are no part of it: [`Baseline::secret`] counts them. [`Baseline::write`] writes the file.
    ///
    /// # Errors
    /// `InvalidInput` without a reason.
    ///
    /// ```no_run
    /// # fn example(report: driftmgr_core::drift::DriftReport) -> driftmgr_core::Result<()> {
    /// let known = report.baseline("known.json", "taken over from the old team", None)?;
    /// known.write()?;
    /// println!("{} differences are known now", known.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn baseline<P: Into<PathBuf>>(
        &self,
        file: P,
        reason: &str,
        previous: Option<&Baseline>,
    ) -> Result<Baseline> {
        let standpoint = Standpoint {
            current_dir: working_folder()?,
            file: file.into(),
        };
        Baseline::of(self, reason, SystemTime::now(), standpoint, previous)
    }
}

fn working_folder() -> Result<PathBuf> {
    std::env::current_dir().map_err(|e| Error::io("name the current folder", Path::new("."), e))
}
