//! `driftmgr ignore`

use driftmgr_core::Error;
use driftmgr_core::drift::ignore::Suggestion;
use driftmgr_core::report::text::{TextOptions, one_line};

use super::Call;
use crate::args::{Elsewhere, Ignore, IgnoreSuggest};
use crate::exit::{Exit, Failure};
use crate::ignoring;
use crate::output::{Render, Wanted, emit, pretty};
use crate::source::read_report;
use crate::ui::count;
use crate::ui::printer::Printer;

pub(crate) fn run(command: &Ignore, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    match command {
        Ignore::Suggest(args) => suggested(args, call, printer),
    }
}

fn suggested(args: &IgnoreSuggest, call: &Call<'_>, printer: &Printer) -> Result<Exit, Failure> {
    let (rules, folders, exit) = match &args.from {
        Some(file) => (read_report(file)?.suggest_ignores(), Vec::new(), Exit::Ok),
        None => {
            let providers = Elsewhere::default();
            let ignoring::Seen { surveyed, .. } = ignoring::run(
                call,
                printer,
                &args.targets,
                (&args.survey, &providers),
                None,
            )?;
            printer.problems(&surveyed.report.problems);
            let exit = surveyed.exit(Exit::Ok);
            let rules = surveyed.report.suggest_ignores();
            (rules, surveyed.folders, exit)
        }
    };
    emit(
        printer,
        &Wanted::from(&args.output),
        &folders,
        &Rules(rules),
    )?;
    Ok(exit)
}

struct Rules(Vec<Suggestion>);

impl Render for Rules {
    /// Both forms, each ready to be copied once the reasons are filled in.
    fn text(&self, _: &TextOptions) -> String {
        if self.0.is_empty() {
            return "Nothing is shown that a rule may hide.\n".to_owned();
        }
        let mut out = String::from(
            "# For driftmgr.yaml. A rule without a reason is refused: say why each difference is expected.\ndrift:\n  ignore:\n",
        );
        for rule in &self.0 {
            out.push_str(&yaml(rule));
        }
        out.push_str(
            "\n# The same for .driftignore, where a comment above a line is its reason.\n",
        );
        for rule in &self.0 {
            if rule.driftignore.is_empty() {
                let what = rule.address.as_deref().unwrap_or_default();
                out.push_str(&format!(
                    "\n# {} cannot stand here: no usable id\n",
                    one_line(what)
                ));
                continue;
            }
            out.push_str("\n#\n");
            for line in &rule.driftignore {
                out.push_str(&one_line(line));
                out.push('\n');
            }
        }
        out
    }

    fn json(&self) -> Result<String, Error> {
        pretty(&serde_json::json!({"rules": self.0}))
    }
}

fn yaml(rule: &Suggestion) -> String {
    let (key, what) = match (&rule.address, &rule.resource_type) {
        (Some(address), _) => ("address", address),
        (None, Some(name)) => ("type", name),
        (None, None) => ("path", &rule.path),
    };
    format!(
        "    - {key}: {}\n      path: {}\n      reason: \"\" # hides {} of {}\n",
        scalar(what),
        scalar(&rule.path),
        count(rule.changes as u64, "change"),
        count(rule.instances as u64, "object"),
    )
}

/// A string as YAML reads it back: JSON's strings are YAML's double-quoted ones.
fn scalar(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
