//! Reality from elsewhere: not asked for now, but known already.

use clap::Args;

/// What stands in for reality. None of these asks a provider.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Instead of asking the providers")]
#[group(id = "elsewhere", multiple = false)]
pub struct Elsewhere {
    /// Take reality from a plan: the JSON of `terraform show -json PLANFILE`; - is standard input. Without a target, the plan's own
    /// state is looked at
    ///
    /// The plan must come from a run that refreshed: one with -refresh=false looks like a world without drift.
    #[arg(long, value_name = "FILE")]
    pub plan: Option<String>,

    /// Take reality from a snapshot, as `driftmgr snapshot save` wrote it
    #[arg(long, value_name = "FILE")]
    pub snapshot: Option<String>,

    /// Take another state as reality. What only that state has is counted as unmanaged
    #[arg(long, value_name = "STATE")]
    pub against: Option<String>,
}

impl Elsewhere {
    /// The option and its value as they were typed.
    pub fn words(&self) -> Vec<&str> {
        let given = [
            ("--plan", &self.plan),
            ("--snapshot", &self.snapshot),
            ("--against", &self.against),
        ];
        given
            .into_iter()
            .filter_map(|(option, value)| Some([option, value.as_deref()?]))
            .flatten()
            .collect()
    }
}
