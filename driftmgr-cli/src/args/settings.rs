//! Arguments about settings.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Output;

/// `driftmgr config …`.
#[derive(Debug, Clone, Subcommand)]
pub enum Config {
    /// What holds: every setting with its value, and with --origin where that comes from
    Show(ConfigShow),

    /// Check a file of settings, or all that apply here, and name every mistake with its line
    Validate(ConfigValidate),

    /// Print the JSON Schema of driftmgr.yaml, for editors
    Schema,
}

/// `driftmgr config show`.
#[derive(Debug, Clone, Args)]
pub struct ConfigShow {
    /// Where each value comes from: file and line, variable, flag or default
    #[arg(long)]
    pub origin: bool,

    /// How to show it.
    #[command(flatten)]
    pub output: Output,
}

/// `driftmgr config validate`.
#[derive(Debug, Clone, Args)]
pub struct ConfigValidate {
    /// The file; without it, all files and variables that apply here
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// How much is shown.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What is shown")]
pub struct Sieve {
    /// How much is shown of what was found: high, medium or low
    #[arg(long, value_name = "LEVEL", hide_possible_values = true)]
    pub sensitivity: Option<Sensitivity>,
}

/// A sensitivity on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Sensitivity {
    /// Hides only what is proven to mean nothing.
    High,
    /// Hides what is proven or known to mean nothing, and what is informational.
    Medium,
    /// Hides also what is only presumed to mean nothing.
    Low,
}
