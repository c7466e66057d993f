//! The settings of a run: flags over variables over files.

use clap::ArgMatches;
use driftmgr_core::client::settings_problems;
use driftmgr_core::env::Environment;
use driftmgr_core::report::Format;
use driftmgr_core::settings::{OutputFormat, Settings, SeverityLevel, Sources};
use driftmgr_core::{Context, Partial};

use crate::args::settings::Config;
use crate::args::{Cli, Command, FailOn, Judge, Snapshot, State};

/// Flags with a value, and the key that each sets.
const VALUES: &[(&str, &str)] = &[
    ("color", "output.color"),
    ("fail_on", "drift.fail_on"),
    ("format", "output.format"),
    ("parallelism", "drift.parallelism"),
    ("sensitivity", "drift.sensitivity"),
    ("timeout", "drift.timeout"),
];

/// Flags without a value, the key that each sets, and to what.
const SWITCHES: &[(&str, &str, &str)] = &[
    ("json", "output.format", "json"),
    ("no_color", "output.color", "never"),
    ("no_plugins", "drift.plugins", "false"),
];

/// Reads the settings that a command works with; none for a command that needs none, so that it works whatever the files say.
pub(crate) fn read(cli: &Cli, matches: &ArgMatches) -> Partial<Settings> {
    match &cli.command {
        None
        | Some(
            Command::Completions(_)
            | Command::Man(_)
            | Command::Config(Config::Validate(_) | Config::Schema),
        ) => Partial::complete(Settings::default()),
        Some(_) => read_all(&sources(cli, matches)),
    }
}

/// The same for whoever asks for them by name.
pub(crate) fn read_all(sources: &Sources) -> Partial<Settings> {
    let cx = Context::new(Environment::from_process());
    checked(Settings::load(&cx, sources))
}

/// With what only its reader can see to be wrong.
pub(crate) fn checked(mut read: Partial<Settings>) -> Partial<Settings> {
    read.problems.extend(settings_problems(&read.value));
    read
}

/// What the command line gives.
pub(crate) fn sources(cli: &Cli, matches: &ArgMatches) -> Sources {
    let mut leaf = matches;
    while let Some((_, below)) = leaf.subcommand() {
        leaf = below;
    }
    let typed = |id: &str| {
        let known = leaf.try_contains_id(id).unwrap_or(false);
        known && leaf.value_source(id) == Some(clap::parser::ValueSource::CommandLine)
    };
    let flag = |id: &str| format!("--{}", id.replace('_', "-"));
    let mut sources = Sources::default();
    if let Some(file) = &cli.global.config {
        sources = sources.with_config(file);
    }
    for (id, key) in VALUES.iter().filter(|(id, _)| typed(id)) {
        let raw = leaf.try_get_raw(id).ok().flatten();
        let Some(text) = raw.and_then(|mut values| values.next_back()) else {
            continue;
        };
        let text = text.to_string_lossy();
        // A format of single commands is none that could be set for all.
        if *id != "format" || OutputFormat::WORDS.contains(&&*text) {
            sources = sources.with_flag(*key, text, flag(id));
        }
    }
    for (id, key, text) in SWITCHES.iter().filter(|(id, ..)| typed(id)) {
        sources = sources.with_flag(*key, *text, flag(id));
    }
    sources
}

/// Fills in what the command line leaves open and commands read from their arguments: the format and the exit code.
pub(crate) fn settle(cli: &mut Cli, matches: &ArgMatches, settings: &Settings) {
    let mut leaf = matches;
    while let Some((_, below)) = leaf.subcommand() {
        leaf = below;
    }
    let has_format = leaf.try_contains_id("format").unwrap_or(false)
        && leaf.value_source("format") == Some(clap::parser::ValueSource::CommandLine);
    let format = |format: &mut Format, json: bool| {
        if !has_format && !json {
            let word = settings.output.format.as_str();
            *format = word.parse().unwrap_or(*format);
        }
    };
    let judge = |judge: &mut Judge| {
        if judge.fail_on.is_none() && !judge.detailed_exitcode {
            judge.fail_on = settings.drift.fail_on.map(FailOn::from);
        }
    };
    match &mut cli.command {
        Some(Command::Check(args)) => format(&mut args.output.format, args.output.json),
        Some(Command::Drift(args)) => {
            format(&mut args.output.format, args.output.json);
            judge(&mut args.judge);
        }
        Some(Command::Explain(args)) => format(&mut args.output.format, args.output.json),
        Some(Command::Snapshot(Snapshot::Show(args))) => {
            format(&mut args.output.format, args.output.json)
        }
        Some(Command::Doctor(args)) => format(&mut args.output.format, args.output.json),
        Some(Command::Config(Config::Show(args))) => {
            format(&mut args.output.format, args.output.json)
        }
        Some(Command::State(State::List(args))) => {
            format(&mut args.output.format, args.output.json)
        }
        Some(Command::State(State::Compare(args))) => {
            format(&mut args.output.format, args.output.json);
            // Differences between two states have no severity.
            if args.file.is_some() {
                judge(&mut args.judge);
            }
        }
        Some(Command::State(State::Analyze(args))) => {
            format(&mut args.output.format, args.output.json);
            // Whoever leaves drift out wants no exit code of it.
            if !args.offline {
                judge(&mut args.judge);
            }
        }
        // The JSON of `state inspect` holds every value, secret ones included: only who asks for it gets it.
        _ => {}
    }
}

impl From<SeverityLevel> for FailOn {
    fn from(level: SeverityLevel) -> Self {
        match level {
            SeverityLevel::Critical => Self::Critical,
            SeverityLevel::Important => Self::Important,
            SeverityLevel::Informational => Self::Informational,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, FromArgMatches as _};
    use driftmgr_core::settings::{Key, Kind};

    use super::*;

    fn parsed(line: &str) -> (Cli, ArgMatches) {
        let matches = Cli::command().get_matches_from(line.split(' '));
        (Cli::from_arg_matches(&matches).unwrap(), matches)
    }

    fn origin(line: &str, key: &str) -> (String, String) {
        let (cli, matches) = parsed(line);
        let cx = Context::new(
            Environment::from_variables([("", ""); 0]).with_current_dir("/nonexistent"),
        );
        let settings = Settings::load(&cx, &sources(&cli, &matches))
            .into_result()
            .unwrap();
        let value = &settings.values().get(key).unwrap().value;
        let value = serde_json::to_value(value).unwrap();
        (value.to_string(), settings.origin(key).to_string())
    }

    #[test]
    fn each_flag_sets_its_key_and_is_named() {
        for (line, key, value, name) in [
            (
                "drift --timeout 90",
                "drift.timeout",
                "\"1m30s\"",
                "--timeout",
            ),
            (
                "drift --parallelism 5000",
                "drift.parallelism",
                "5000",
                "--parallelism",
            ),
            (
                "drift --no-plugins",
                "drift.plugins",
                "false",
                "--no-plugins",
            ),
            (
                "drift --fail-on critical",
                "drift.fail_on",
                "\"critical\"",
                "--fail-on",
            ),
            (
                "drift --sensitivity low",
                "drift.sensitivity",
                "\"low\"",
                "--sensitivity",
            ),
            ("check --json", "output.format", "\"json\"", "--json"),
            (
                "state list --file x --format json",
                "output.format",
                "\"json\"",
                "--format",
            ),
            (
                "--color never drift",
                "output.color",
                "\"never\"",
                "--color",
            ),
            ("drift --color auto", "output.color", "\"auto\"", "--color"),
            (
                "drift --no-color",
                "output.color",
                "\"never\"",
                "--no-color",
            ),
            ("drift", "drift.plugins", "true", "default"),
            ("drift", "output.color", "\"auto\"", "default"),
            ("drift", "output.format", "\"text\"", "default"),
        ] {
            let (got, from) = origin(&format!("driftmgr {line}"), key);
            assert_eq!((got.as_str(), from.as_str()), (value, name), "{line}");
        }
    }

    #[test]
    fn words_of_settings_are_words_of_the_command_line() {
        let words = |key: &str| match Key::find(key).unwrap().kind {
            Kind::Word(words) => words.to_vec(),
            _ => panic!("{key}"),
        };
        for (id, key) in VALUES {
            let command = Cli::command();
            let drift = command.find_subcommand("drift").unwrap();
            let arg = command
                .get_arguments()
                .chain(drift.get_arguments())
                .find(|a| a.get_id() == id);
            let possible = arg
                .unwrap_or_else(|| panic!("no flag {id}"))
                .get_possible_values();
            if possible.is_empty() {
                continue;
            }
            for word in words(key) {
                assert!(
                    possible.iter().any(|p| p.get_name() == word),
                    "{id}: {word}"
                );
            }
        }
        for (_, key, _) in SWITCHES {
            assert!(Key::find(key).is_some());
        }
    }
}
