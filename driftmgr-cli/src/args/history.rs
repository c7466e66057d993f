//! Arguments about recorded runs.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::{Output, duration};

/// What `driftmgr drift` can do beside looking.
#[derive(Debug, Clone, Subcommand)]
pub enum DriftCommand {
    /// What recorded runs say: open since when, resolved, coming and going, how often each type drifts, what tends to drift next
    ///
    /// Runs are recorded with `driftmgr drift --record`. No attribute value is kept, only which attributes differed.
    History(DriftHistory),
}

/// Whether a run is kept.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "History")]
pub struct Record {
    /// Keep the run for `driftmgr drift history`: which objects were looked at and what differed, without any value
    #[arg(long)]
    pub record: bool,

    /// With --record: the history's file, instead of driftmgr/history.sqlite in the user's state folder
    #[arg(long, value_name = "FILE", requires = "record")]
    pub history: Option<PathBuf>,
}

/// `driftmgr drift history`.
#[derive(Debug, Clone, Args)]
pub struct DriftHistory {
    /// Folders of root modules, state files, or lineages; every recorded state when there is none
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,

    /// Only this resource, instance or module, with what became of each instance. Can be given more than once
    #[arg(long, value_name = "ADDRESS")]
    pub address: Vec<String>,

    /// Only runs of this last while, such as 12h, 30d or 8w. Findings that are open are shown all the same
    #[arg(long, value_name = "DURATION", value_parser = period)]
    pub since: Option<Duration>,

    /// Forget runs that are older, such as 90d, but for the last run of each state and what is open
    #[arg(long, value_name = "DURATION", value_parser = period)]
    pub prune: Option<Duration>,

    /// The history's file, instead of driftmgr/history.sqlite in the user's state folder
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,

    /// How to show it.
    #[command(flatten)]
    pub output: Output,
}

/// Reads what [`duration`] does, after weeks and days: `8w`, `30d`, `1d12h`.
fn period(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no duration; write 12h, 30d, 8w or whole seconds");
    let mut rest = text;
    let mut total = Duration::ZERO;
    for (unit, seconds) in [('w', 7 * 86_400_u64), ('d', 86_400)] {
        let Some((count, after)) = rest.split_once(unit) else {
            continue;
        };
        let count: u64 = count.parse().map_err(|_| wrong())?;
        let part = count.checked_mul(seconds).ok_or_else(wrong)?;
        total = total
            .checked_add(Duration::from_secs(part))
            .ok_or_else(wrong)?;
        rest = after;
    }
    if rest.is_empty() && !text.is_empty() {
        return Ok(total);
    }
    let tail = duration(rest).map_err(|_| wrong())?;
    total.checked_add(tail).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Cli, Command, Drift};

    #[test]
    fn periods() {
        const DAY: u64 = 86_400;
        for (text, seconds) in [
            ("30d", 30 * DAY),
            ("8w", 56 * DAY),
            ("1w2d", 9 * DAY),
            ("1d12h", DAY + DAY / 2),
            ("12h", DAY / 2),
            ("90", 90),
            ("0d", 0),
        ] {
            assert_eq!(period(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in [
            "",
            "d",
            "1d2w",
            "-1d",
            "1.5d",
            "30days",
            "99999999999999999999d",
            "999999999999999w",
        ] {
            assert!(period(text).is_err(), "{text}");
        }
    }

    fn drift(line: &str) -> Option<Drift> {
        match Cli::try_parse_from(line.split(' ')).ok()?.command? {
            Command::Drift(drift) => Some(*drift),
            _ => None,
        }
    }

    #[test]
    fn history_is_a_command_and_still_can_be_a_folder() {
        let is_history =
            |line: &str| matches!(drift(line).unwrap().command, Some(DriftCommand::History(_)));
        for line in [
            "driftmgr drift history",
            "driftmgr -q drift history infra --since 30d",
            "driftmgr drift history --address a.b --json",
        ] {
            assert!(is_history(line), "{line}");
        }
        assert!(
            drift("driftmgr drift --history h.sqlite").is_none(),
            "nothing would be kept"
        );
        for (line, targets) in [
            ("driftmgr drift ./history", &["./history"][..]),
            ("driftmgr drift infra history", &["infra", "history"]),
            ("driftmgr drift help", &["help"]),
            ("driftmgr drift -- history", &["history"]),
        ] {
            assert!(!is_history(line), "{line}");
            assert_eq!(drift(line).unwrap().targets, targets, "{line}");
        }
    }
}
