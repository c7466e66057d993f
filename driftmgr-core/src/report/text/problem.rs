//! Errors and problems: the message, where it is, what to do.

use super::page::Page;
use super::style::paint;
use super::{TextOptions, safe};
use crate::error::Error;

/// An error as the last word of a command: `error: FILE:LINE: message`, other places, the causes, then one `hint:` line for each way
/// out.
pub fn error(error: &Error, options: &TextOptions) -> String {
    let mut page = Page::new(options);
    one(&mut page, 0, "error", error);
    page.finish()
}

/// Problems that did not end the work. Empty when there is none.
pub fn problems(problems: &[Error], options: &TextOptions) -> String {
    let mut page = Page::new(options);
    for problem in problems {
        one(&mut page, 0, "problem", problem);
    }
    page.finish()
}

pub(super) fn section(page: &mut Page<'_>, problems: &[Error]) {
    if problems.is_empty() {
        return;
    }
    page.heading(0, "Problems");
    for problem in problems {
        one(page, 2, "problem", problem);
    }
}

fn one(page: &mut Page<'_>, indent: usize, word: &str, error: &Error) {
    let style = *page.style();
    let message = format!("{}{}", place(error), error.message());
    let message = safe::lines(&message);
    let mut message = message.iter();
    let first = message.next().map_or("", String::as_str);
    page.line(
        indent,
        format!("{} {first}", paint(style.error, format!("{word}:"))),
    );
    for line in message {
        page.line(indent + 2, line);
    }
    let context: Vec<_> = error
        .context()
        .iter()
        .filter(|(key, _)| !is_place(error, key))
        .collect();
    let label_width = context.iter().map(|(k, _)| k.len() + 1).max().unwrap_or(0);
    let mut last = "";
    for (key, value) in context {
        // Several values of one key stand under each other.
        let label = if *key == last {
            String::new()
        } else {
            format!("{key}:")
        };
        page.row(indent + 2, label_width, &label, value);
        last = key;
    }
    for cause in causes(error) {
        page.row(indent + 2, label_width, "cause:", &cause);
    }
    for hint in error.hints() {
        let mut text = safe::lines(hint).into_iter();
        let first = text.next().unwrap_or_default();
        page.line(indent, format!("{} {first}", paint(style.hint, "hint:")));
        for line in text {
            page.line(indent + 6, line);
        }
    }
}

/// `FILE:LINE:COLUMN: `, as compilers write it and editors follow it.
fn place(error: &Error) -> String {
    let mut place = String::new();
    for key in PLACE.into_iter().filter(|key| is_place(error, key)) {
        if let Some(value) = error.context_value(key) {
            place.push_str(value);
            place.push(':');
        }
    }
    if !place.is_empty() {
        place.push(' ');
    }
    place
}

const PLACE: [&str; 3] = ["file", "line", "column"];

/// True for what stands before the message: a line says nothing without its file.
fn is_place(error: &Error, key: &str) -> bool {
    let has = |key| error.context_value(key).is_some();
    match key {
        "file" => true,
        "line" => has("file"),
        "column" => has("file") && has("line"),
        _ => false,
    }
}

/// Causes that say more than the message already does.
fn causes(error: &Error) -> Vec<String> {
    let mut said = error.message().to_owned();
    let mut causes = Vec::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        let text = cause.to_string();
        if !said.contains(&text) {
            said.push_str(&text);
            causes.push(text);
        }
        next = cause.source();
    }
    causes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn an_error_names_place_cause_and_way_out() {
        let io = std::io::Error::other("disk on fire");
        let problem = Error::new(ErrorKind::InvalidState, "not a state: it is JSON of a plan")
            .with("file", "prod\u{1b}[2J.tfstate")
            .with("line", 3)
            .with("byte", 312)
            .with_source(io)
            .with_hint("run driftmgr state inspect on the state itself")
            .with_hint("or pull it:\nterraform state pull");
        insta::assert_snapshot!(error(&problem, &TextOptions::plain()), @r"
error: prod\u001b[2J.tfstate:3: not a state: it is JSON of a plan
  byte:  312
  cause:  disk on fire
hint: run driftmgr state inspect on the state itself
hint: or pull it:
      terraform state pull
");
        assert!(!error(&problem, &TextOptions::plain()).contains('\u{1b}'));
    }

    #[test]
    fn a_cause_is_not_said_twice() {
        let missing = Error::io(
            "read the state",
            std::path::Path::new("x"),
            std::io::Error::from(std::io::ErrorKind::NotFound),
        );
        assert!(causes(&missing).is_empty());
    }
}
