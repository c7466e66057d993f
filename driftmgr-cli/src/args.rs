//! The command line.

mod backend;
mod elsewhere;
mod history;
mod ignore;
mod manage;
pub mod settings;
mod snapshot;
mod workspace;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Styles};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use driftmgr_core::address::InstanceAddress;
use driftmgr_core::drift::Severity;
use driftmgr_core::report::Format;
use driftmgr_core::settings::parse_duration;

pub use history::{DriftCommand, DriftHistory, Record};

pub use self::ignore::{Ignore, IgnoreSuggest, Ignoring, WriteBaseline};

pub(crate) use backend::inputs;
pub use backend::{BackendConfig, Status};
pub use elsewhere::Elsewhere;
pub use manage::{
    Changing, StateDiff, StateHistory, StateLock, StateMigrate, StateMv, StatePull, StatePush,
    StateReplaceProvider, StateRestore, StateRm, StateRollback, StateSnapshot, StateUnlock, Stored,
};
pub use snapshot::{Snapshot, SnapshotSave, SnapshotShow};
pub use workspace::{
    Module, Workspace, WorkspaceDelete, WorkspaceDrift, WorkspaceList, WorkspaceNew, WorkspaceShow,
    Workspaces,
};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Is this state still true? Compares Terraform and OpenTofu states with what is really there.
///
/// driftmgr asks the providers themselves, over their own plugin protocol: no terraform binary is needed, nothing is written to any
/// cloud, and one run can look at many states.
#[derive(Debug, Parser)]
#[command(
    name = "driftmgr",
    styles = STYLES,
    disable_version_flag = true,
    subcommand_required = false,
    after_help = "Exit codes: 0 in sync or done, 1 error, 2 drift, 3 no drift found but something could not be looked at.\n\
        `check` always uses 2 and 3; other commands use them with --detailed-exitcode or --fail-on.\n\
        Terraform's single-dash spelling is understood: -chdir=DIR, -json, -no-color, -var, -var-file, -detailed-exitcode."
)]
pub struct Cli {
    /// Print the version
    #[arg(short = 'V', long)]
    pub version: bool,

    /// With --version: as JSON, with enabled features
    #[arg(long, requires = "version")]
    pub json: bool,

    /// What applies to every command.
    #[command(flatten)]
    pub global: Global,

    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Work as if started in DIR
    #[arg(long, global = true, value_name = "DIR")]
    pub chdir: Option<PathBuf>,

    /// The file of settings, instead of the driftmgr.yaml of this folder or the nearest one above it
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Write, delete and lock no state, whatever the command would do
    #[arg(long, global = true)]
    pub read_only: bool,

    /// When to use colour: auto, always or never. NO_COLOR and CLICOLOR_FORCE are honoured
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true
    )]
    pub color: ColorWhen,

    /// The same as --color never
    #[arg(long, global = true)]
    pub no_color: bool,

    /// Say less on standard error: -q no progress and no notes, -qq only the error that ends the command
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "verbose")]
    pub quiet: u8,

    /// Say more: -v every address and each provider that is started, -vv a log on standard error (see also DRIFTMGR_LOG)
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,

    /// Show no progress
    #[arg(long, global = true)]
    pub no_progress: bool,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal.
    Auto,
    /// Also into a pipe or file.
    Always,
    /// Not at all.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Is it safe to apply? One sentence, and an exit code that a script can use
    ///
    /// Exit code 0: in sync, and everything was looked at. 2: drift. 3: no drift was found, but something could not be looked at.
    /// 1: an error.
    Check(Box<Check>),

    /// What differs between states and reality, attribute by attribute
    ///
    /// A folder that is called `history` is spelled `./history`.
    Drift(Box<Drift>),

    /// Look into a state, change it where it is stored, and get back what it was
    #[command(subcommand)]
    State(State),

    /// The workspaces of a root module: list, show, new, delete
    Workspace(Box<Workspaces>),

    /// What is not to be shown: propose rules
    #[command(subcommand)]
    Ignore(Ignore),
    /// Write down what is really there, to compare with later: save, show
    #[command(subcommand)]
    Snapshot(Snapshot),
    /// Work with reports that were written earlier
    #[command(subcommand)]
    Report(Report),

    /// Everything about one instance: where it comes from, what the state says, what is real, what apply would do
    Explain(Explain),

    /// Settings: what holds and why, what is wrong with them, their schema
    #[command(subcommand)]
    Config(settings::Config),

    /// What this machine offers: providers, backends, caches, credentials by name
    ///
    /// Values of credentials are never shown, only which variables are set.
    Doctor(Doctor),

    /// Can the states be reached, and with what: backend, what gave each argument, credentials by name
    ///
    /// Reads each state once. No lock is taken, nothing is written, and no value of a credential is shown. Exits with 1 when a state could not
    /// be read.
    Status(Status),

    /// Print a completion script for a shell
    Completions(Completions),

    /// Print the manual page
    ///
    /// `driftmgr man | man -l -` shows it; `--dir DIR` writes one page for each command.
    Man(Man),
}

/// Commands about one state.
#[derive(Debug, Subcommand)]
pub enum State {
    /// List the instances of a state, one address a line, as `terraform state list` does
    List(StateList),

    /// What is in a state
    ///
    /// With --format json it is the representation of `terraform show -json`. That representation holds every value, secret ones
    /// included, as Terraform itself prints them; its sensitive_values name the secret ones. The text for people masks them.
    Inspect(StateInspect),

    /// Compare a state with reality (--file), or two states with each other (--files A,B)
    ///
    /// Two states are compared in text and json only: the other formats are those of drift reports.
    Compare(StateCompare),

    /// Upgrade a state to format version 4
    ///
    /// The upgraded state is printed as `terraform state pull` prints it: with every value, secret ones included. With --in-place
    /// the file is replaced under its lock, and the old one is kept beside it.
    Upgrade(StateUpgrade),

    /// Everything that can be said about one state: its health, and its drift where reality can be reached
    ///
    /// Other formats than text and json hold the drift alone.
    Analyze(StateAnalyze),

    /// Print a stored state as it is, with every value, secret ones included
    Pull(StatePull),

    /// Write a state, by the rules of `terraform state push`
    ///
    /// Like every command that changes a stored state: under Terraform's lock, with a backup before and a check after. When the check
    /// fails, what was there is put back.
    Push(StatePush),

    /// Move an instance, a resource or a module to another address
    Mv(StateMv),

    /// Forget instances, resources and modules; the real objects are left alone
    Rm(StateRm),

    /// Give all resources of one provider to another one
    ReplaceProvider(StateReplaceProvider),

    /// The versions of a stored state that can be read again, the newest first
    History(StateHistory),

    /// What changed between two versions of a stored state
    Diff(StateDiff),

    /// Keep the current state on this machine, and print the id of that version
    Snapshot(StateSnapshot),

    /// Make an earlier version the next one
    Rollback(StateRollback),

    /// Make a state that was kept elsewhere the next one
    Restore(StateRestore),

    /// Copy a stored state to another place as it is, and check it there
    ///
    /// It keeps its lineage and serial, and is left where it was. Both places are locked meanwhile.
    Migrate(StateMigrate),

    /// Take the lock of a stored state, and print its id
    Lock(StateLock),

    /// Give a lock back, or break one whose holder is gone
    Unlock(StateUnlock),
}

/// Commands about reports.
#[derive(Debug, Subcommand)]
pub enum Report {
    /// Write a JSON report of drift in other formats
    ///
    /// Nothing is looked at anew. What the report masks stays masked.
    Convert(ReportConvert),
}

/// How a result is shown.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// Format on standard output: text for people, json for programs. Drift reports also as ndjson, markdown, sarif, junit, github, gitlab, csv
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        value_parser = format_of(Format::OF_EVERY_RESULT),
        hide_possible_values = true
    )]
    pub format: Format,

    /// The same as --format json
    #[arg(long)]
    pub json: bool,

    /// Also write the result to a file, such as json=drift.json. Can be given more than once
    #[arg(long, value_name = "FORMAT=PATH", value_parser = output_file)]
    pub output: Vec<OutputFile>,

    /// Values in full and every address, however long the lines get
    #[arg(long)]
    pub wide: bool,
}

impl Output {
    /// The format on standard output.
    pub fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format }
    }
}

/// How a drift report is shown.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Output")]
pub struct ReportOutput {
    /// Format on standard output
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        value_parser = format_of(Format::ALL),
        hide_possible_values = true,
        long_help = formats()
    )]
    pub format: Format,

    /// The same as --format json
    #[arg(long)]
    pub json: bool,

    /// Also write the result to a file, such as sarif=drift.sarif. Can be given more than once
    #[arg(long, value_name = "FORMAT=PATH", value_parser = report_file)]
    pub output: Vec<OutputFile>,

    /// Values in full and every address, however long the lines get
    #[arg(long)]
    pub wide: bool,
}

impl ReportOutput {
    /// The format on standard output.
    pub fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format }
    }
}

fn format_of(formats: &'static [Format]) -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(formats.iter().map(|f| f.name()))
        .try_map(|name| name.parse::<Format>())
}

/// The formats of a report, one a line.
fn formats() -> String {
    let widest = Format::ALL
        .iter()
        .map(|f| f.name().len())
        .max()
        .unwrap_or(0);
    let lines = Format::ALL
        .iter()
        .map(|f| format!("\n  {:widest$}  {}", f.name(), f.purpose()));
    format!("Format on standard output:{}", lines.collect::<String>())
}

/// A file to write a result to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFile {
    /// In which format.
    pub format: Format,
    /// Where.
    pub path: PathBuf,
}

/// What is looked at, and how reality is reached.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What to look at")]
pub struct Survey {
    /// A state file to look at, like a target
    #[arg(long, value_name = "FILE")]
    pub file: Vec<String>,

    /// State files to look at
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub files: Vec<String>,

    /// Look at every workspace that has a state, each as a target of its own
    #[arg(long, conflicts_with = "workspace")]
    pub all_workspaces: bool,

    /// Only this resource, instance or module. Can be given more than once
    #[arg(long, value_name = "ADDRESS")]
    pub target: Vec<String>,

    /// Not this resource, instance or module. Can be given more than once
    #[arg(long, value_name = "ADDRESS")]
    pub exclude: Vec<String>,

    /// What is not to be shown.
    #[command(flatten)]
    pub ignoring: Ignoring,

    /// How reality is reached.
    #[command(flatten)]
    pub reach: Reach,
}

/// How reality is reached.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "How to reach reality")]
pub struct Reach {
    /// The value of a root module variable, as NAME=VALUE. Can be given more than once
    #[arg(long, value_name = "NAME=VALUE")]
    pub var: Vec<String>,

    /// A file with values of root module variables. Can be given more than once
    #[arg(long, value_name = "FILE")]
    pub var_file: Vec<PathBuf>,

    /// The workspace, instead of the selected one
    #[arg(long, value_name = "NAME")]
    pub workspace: Option<String>,

    /// The backend's own arguments.
    #[command(flatten)]
    pub backend: BackendConfig,

    /// Every workspace instead of one.
    #[arg(skip)]
    pub all_workspaces: bool,

    /// How many instances are read at a time from each provider, instead of as many as make it faster
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub parallelism: Option<u16>,

    /// Give up after this long: 30s, 10m, or whole seconds
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub timeout: Option<Duration>,

    /// Start no provider binaries; only what driftmgr reads itself is looked at
    #[arg(long)]
    pub no_plugins: bool,

    /// How much is shown.
    #[command(flatten)]
    pub sieve: settings::Sieve,
}

/// When findings make the exit code.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Exit code")]
pub struct Judge {
    /// Exit with 2 on drift, and with 3 when something could not be looked at
    #[arg(long)]
    pub detailed_exitcode: bool,

    /// Exit with 2 on drift of this severity or above (informational, important, critical), and with 3 when something could not be
    /// looked at
    #[arg(long, value_name = "SEVERITY", hide_possible_values = true)]
    pub fail_on: Option<FailOn>,
}

/// A severity on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Exposure, encryption, public access, authentication; and worse there is not.
    Critical,
    /// Backup, capacity, network, version; and critical.
    Important,
    /// Tags, descriptions, metadata; and everything above.
    Informational,
}

impl From<FailOn> for Severity {
    fn from(level: FailOn) -> Self {
        match level {
            FailOn::Critical => Self::Critical,
            FailOn::Important => Self::Important,
            FailOn::Informational => Self::Informational,
        }
    }
}

/// `driftmgr check`.
#[derive(Debug, Clone, Args)]
pub struct Check {
    /// Folders of root modules, state files, addresses of states; else the current folder
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// What to look at.
    #[command(flatten)]
    pub survey: Survey,
    /// Who says what is really there.
    #[command(flatten)]
    pub elsewhere: Elsewhere,
    /// How to show it.
    #[command(flatten)]
    pub output: ReportOutput,
}

/// `driftmgr drift`.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub struct Drift {
    /// What to do instead.
    #[command(subcommand)]
    pub command: Option<DriftCommand>,
    /// Folders of root modules, state files, addresses of states; else the current folder
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// What to look at.
    #[command(flatten)]
    pub survey: Survey,
    /// What is known from today on.
    #[command(flatten)]
    pub write_baseline: WriteBaseline,
    /// Who says what is really there.
    #[command(flatten)]
    pub elsewhere: Elsewhere,
    /// How to show it.
    #[command(flatten)]
    pub output: ReportOutput,
    /// The exit code.
    #[command(flatten)]
    pub judge: Judge,
    /// Whether the run is kept.
    #[command(flatten)]
    pub record: Record,
}

/// Which state.
#[derive(Debug, Clone, Args)]
pub struct StateFile {
    /// The state file; - is standard input
    #[arg(long, value_name = "FILE")]
    pub file: String,
}

/// `driftmgr state list`.
#[derive(Debug, Clone, Args)]
pub struct StateList {
    /// Which state.
    #[command(flatten)]
    pub state: StateFile,
    /// Only these resources, instances or modules
    #[arg(value_name = "ADDRESS")]
    pub addresses: Vec<String>,
    /// How to show it.
    #[command(flatten)]
    pub output: Output,
}

/// `driftmgr state inspect`.
#[derive(Debug, Clone, Args)]
pub struct StateInspect {
    /// Which state.
    #[command(flatten)]
    pub state: StateFile,
    /// How to show it.
    #[command(flatten)]
    pub output: Output,
}

/// `driftmgr state compare`.
#[derive(Debug, Clone, Args)]
#[command(group = clap::ArgGroup::new("states").required(true).args(["file", "files"]))]
pub struct StateCompare {
    /// The state file to compare with reality
    #[arg(long, value_name = "FILE")]
    pub file: Option<String>,
    /// Two state files: the older one and the newer one
    #[arg(long, value_name = "A,B", value_delimiter = ',', num_args = 1..=2)]
    pub files: Vec<String>,
    /// What is not to be shown.
    #[command(flatten)]
    pub ignoring: Ignoring,
    /// How reality is reached.
    #[command(flatten)]
    pub reach: Reach,
    /// How to show it.
    #[command(flatten)]
    pub output: ReportOutput,
    /// The exit code.
    #[command(flatten)]
    pub judge: Judge,
}

/// `driftmgr state upgrade`.
#[derive(Debug, Clone, Args)]
pub struct StateUpgrade {
    /// Which state.
    #[command(flatten)]
    pub state: StateFile,
    /// Replace the file, under Terraform's lock; the old state is kept as FILE.backup
    #[arg(long)]
    pub in_place: bool,
}

/// `driftmgr state analyze`.
#[derive(Debug, Clone, Args)]
pub struct StateAnalyze {
    /// Which state.
    #[command(flatten)]
    pub state: StateFile,
    /// Do not compare with reality
    #[arg(long)]
    pub offline: bool,
    /// What is not to be shown.
    #[command(flatten)]
    pub ignoring: Ignoring,
    /// How reality is reached.
    #[command(flatten)]
    pub reach: Reach,
    /// How to show it.
    #[command(flatten)]
    pub output: ReportOutput,
    /// The exit code.
    #[command(flatten)]
    pub judge: Judge,
}

/// `driftmgr report convert`.
#[derive(Debug, Clone, Args)]
pub struct ReportConvert {
    /// The report, as --format json writes it; - is standard input
    #[arg(value_name = "FILE")]
    pub file: String,
    /// How to show it.
    #[command(flatten)]
    pub output: ReportOutput,
}

/// `driftmgr explain`.
#[derive(Debug, Clone, Args)]
pub struct Explain {
    /// The instance, such as 'module.a["x"].aws_s3_bucket.b[0]'
    #[arg(value_name = "ADDRESS")]
    pub address: InstanceAddress,
    /// Folder of a root module, state file, or address of a state
    #[arg(value_name = "TARGET", default_value = ".")]
    pub target: String,
    /// What is not to be shown.
    #[command(flatten)]
    pub ignoring: Ignoring,
    /// How reality is reached.
    #[command(flatten)]
    pub reach: Reach,
    /// How to show it.
    #[command(flatten)]
    pub output: Output,
}

/// `driftmgr doctor`.
#[derive(Debug, Clone, Args)]
pub struct Doctor {
    /// Folders of root modules, state files, addresses of states; else the current folder
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    /// How to show it.
    #[command(flatten)]
    pub output: Output,
}

/// `driftmgr completions`.
#[derive(Debug, Clone, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

/// `driftmgr man`.
#[derive(Debug, Clone, Args)]
pub struct Man {
    /// Write one page for each command into this folder instead
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

fn output_file(text: &str) -> Result<OutputFile, String> {
    let file = report_file(text)?;
    if Format::OF_EVERY_RESULT.contains(&file.format) {
        return Ok(file);
    }
    Err(format!(
        "this command has no {}: it writes text and json",
        file.format
    ))
}

fn report_file(text: &str) -> Result<OutputFile, String> {
    let (format, path) = text
        .split_once('=')
        .filter(|(_, path)| !path.is_empty())
        .ok_or("it is FORMAT=PATH, such as json=drift.json")?;
    let format = format
        .parse::<Format>()
        .map_err(|e| format!("{e}: {}", e.hints().join(", ")))?;
    Ok(OutputFile {
        format,
        path: path.into(),
    })
}

/// Reads `90`, `90s`, `10m`, `1h30m`, `250ms`.
fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text)
        .ok_or_else(|| format!("{text:?} is no duration; write 30s, 10m, 1h30m or whole seconds"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn durations() {
        for (text, seconds) in [
            ("90", 90.0),
            ("30s", 30.0),
            ("10m", 600.0),
            ("1h30m", 5400.0),
            ("250ms", 0.25),
        ] {
            assert_eq!(
                duration(text),
                Ok(Duration::from_secs_f64(seconds)),
                "{text}"
            );
        }
        for text in [
            "",
            "s",
            "1x",
            "-1",
            "1.5h",
            "99999999999999999999h",
            "18446744073709551615h",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn output_files() {
        assert_eq!(
            output_file("json=a=b.json"),
            Ok(OutputFile {
                format: Format::Json,
                path: "a=b.json".into()
            })
        );
        for text in ["json", "json=", "pdf=x"] {
            assert!(output_file(text).is_err(), "{text}");
            assert!(report_file(text).is_err(), "{text}");
        }
        for format in Format::ALL {
            let text = format!("{format}=x");
            assert_eq!(report_file(&text).map(|f| f.format), Ok(*format));
            let everywhere = [Format::Text, Format::Json].contains(format);
            assert_eq!(output_file(&text).is_ok(), everywhere, "{text}");
        }
    }
}
