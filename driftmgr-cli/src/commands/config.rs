//! `driftmgr config …`

use driftmgr_core::env::Environment;
use driftmgr_core::report::text::{self, Section, TextOptions};
use driftmgr_core::settings::{KEYS, Key, Setting, Settings, schema};
use driftmgr_core::{Context, Error, ErrorKind};

use super::Call;
use crate::args::settings::{Config, ConfigShow, ConfigValidate};
use crate::exit::{Exit, Failure};
use crate::output::{Render, Wanted, emit, pretty};
use crate::settings;
use crate::ui::printer::Printer;

pub(crate) fn run(command: &Config, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    match command {
        Config::Show(args) => show(args, call.settings, printer),
        Config::Validate(args) => validate(args, call, printer),
        Config::Schema => {
            printer.json(&pretty(&schema())?)?;
            Ok(Exit::Ok)
        }
    }
}

struct Shown<'a> {
    settings: &'a Settings,
    origin: bool,
}

impl Render for Shown<'_> {
    fn text(&self, options: &TextOptions) -> String {
        let mut files = Section::new("Files");
        for (at, file) in self.settings.files().enumerate() {
            let label = if at == 0 { "read" } else { "" };
            files.row(label, file.display().to_string());
        }
        if files.rows.is_empty() {
            files.row(
                "read",
                "none: no driftmgr.yaml here, above or among the user's settings",
            );
        }
        let mut sections = vec![files];
        for key in KEYS {
            let (block, name) = key.name.split_once('.').unwrap_or((key.name, ""));
            if sections.last().is_none_or(|last| last.title != block) {
                sections.push(Section::new(block));
            }
            if let Some(section) = sections.last_mut() {
                self.row(section, key, name);
            }
        }
        text::sections(&sections, options)
    }

    fn json(&self) -> Result<String, Error> {
        pretty(&self.settings.json())
    }
}

impl Shown<'_> {
    fn row(&self, section: &mut Section, key: &Key, name: &str) {
        let set = self.settings.values().get(key.name);
        let mut text = set.map_or("not set".to_owned(), |set| value(&set.value));
        if self.origin && set.is_some() {
            text.push_str(&format!("  ({})", self.settings.origin(key.name)));
        }
        if !key.has_effect {
            text.push_str("  [no effect yet]");
        }
        section.row(name, text);
        if let (true, Some(Setting::Entries(entries))) = (self.origin, set.map(|s| &s.value)) {
            for entry in entries {
                let reason = entry.text("reason").unwrap_or_default();
                section.row("", format!("{}: {reason}", entry.origin));
            }
        }
    }
}

fn value(setting: &Setting) -> String {
    match setting {
        Setting::Text(text) => text.clone(),
        Setting::Texts(texts) => {
            let texts: Vec<&str> = texts.iter().map(|t| t.value.as_str()).collect();
            format!("[{}]", texts.join(", "))
        }
        Setting::Entries(entries) if entries.len() == 1 => "1 rule".to_owned(),
        Setting::Entries(entries) => format!("{} rules", entries.len()),
        Setting::Path(path) => path.display().to_string(),
        other => match serde_json::to_value(other) {
            Ok(serde_json::Value::String(text)) => text,
            Ok(json) => json.to_string(),
            Err(_) => String::new(),
        },
    }
}

fn show(args: &ConfigShow, settings: &Settings, printer: &Printer) -> Result<Exit, Failure> {
    let shown = Shown {
        settings,
        origin: args.origin,
    };
    emit(printer, &Wanted::from(&args.output), &[], &shown)?;
    Ok(Exit::Ok)
}

fn validate(args: &ConfigValidate, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    let cx = Context::new(Environment::from_process());
    let read = match (&args.file, &call.global.config) {
        (Some(_), Some(_)) => {
            let error = Error::new(ErrorKind::InvalidInput, "two files to check")
                .with_hint("name it once, without --config");
            return Err(error.into());
        }
        (Some(file), None) => settings::checked(Settings::load_file(&cx, file)),
        (None, _) => settings::read_all(&call.sources),
    };
    for warning in read.value.warnings() {
        printer.note(&format!("warning: {warning}"));
    }
    if !read.problems.is_empty() {
        printer.errors(&read.problems);
        return Ok(Exit::Error);
    }
    let files: Vec<String> = read
        .value
        .files()
        .map(|file| text::one_line(&format!("{} is right", file.display())))
        .collect();
    if files.is_empty() {
        printer.note("there is no driftmgr.yaml here, above or among the user's settings");
    }
    printer.lines(files)?;
    Ok(Exit::Ok)
}
