//! Arguments about what is not to be shown.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Output, Survey};

/// What is not to be shown.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What not to show")]
pub struct Ignoring {
    /// Do not show what this file lists, in driftctl's form; ./.driftignore is read without being named
    #[arg(long, value_name = "FILE", conflicts_with = "no_driftignore")]
    pub driftignore: Option<PathBuf>,

    /// Read no .driftignore
    #[arg(long)]
    pub no_driftignore: bool,

    /// Do not show the differences that this file knows, until they change
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
}

impl Ignoring {
    /// Something of it was typed.
    pub(crate) fn is_given(&self) -> bool {
        self.driftignore.is_some() || self.no_driftignore || self.baseline.is_some()
    }
}

/// Where what is shown is to be written down as known.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What not to show")]
pub struct WriteBaseline {
    /// Write what is shown to a file, as known from today on. With --baseline, what that file knows stays known while it lasts
    #[arg(long, value_name = "FILE", requires = "reason")]
    pub write_baseline: Option<PathBuf>,

    /// Why what --write-baseline writes down is to be expected
    #[arg(long, value_name = "TEXT", requires = "write_baseline")]
    pub reason: Option<String>,
}

/// Commands about what is not to be shown.
#[derive(Debug, Subcommand)]
pub enum Ignore {
    /// Propose rules for what is shown: few ones, the narrowest first, each waiting for a reason
    ///
    /// Deletions and critical changes are never part of a proposal, since nothing hides them.
    Suggest(IgnoreSuggest),
}

/// `driftmgr ignore suggest`.
#[derive(Debug, Clone, Args)]
pub struct IgnoreSuggest {
    /// Folders of root modules, state files, addresses of states; else the current folder
    #[arg(value_name = "TARGET", conflicts_with = "from")]
    pub targets: Vec<String>,
    /// A report to take them from, as `driftmgr drift --format json` prints it, instead of looking; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "files"])]
    pub from: Option<String>,
    /// What to look at.
    #[command(flatten)]
    pub survey: Survey,
    /// How to show it.
    #[command(flatten)]
    pub output: Output,
}
