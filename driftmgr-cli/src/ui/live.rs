//! A report on standard output while it is made: a line for each thing that is known.

use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use driftmgr_core::Error;
use driftmgr_core::drift::{DriftItem, DriftReport, Sink};
use driftmgr_core::report::Lines;

use super::printer::{Printer, json_for_terminal};
use crate::exit::Failure;

/// Writes each line as soon as it is known, and the summary last.
#[derive(Debug)]
pub(crate) struct Live {
    /// Standard output is a terminal.
    terminal: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    begun: bool,
    /// What went wrong first. Nothing is written after it.
    failed: Option<Failure>,
}

impl Live {
    pub(crate) fn new(printer: &Printer) -> Self {
        Self {
            terminal: printer.out_is_terminal(),
            state: Mutex::default(),
        }
    }

    /// The rest of the report.
    pub(crate) fn end(&self, report: &DriftReport) -> Result<(), Failure> {
        self.write(|lines| lines.end(report));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.failed.take() {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }

    fn write(&self, text: impl FnOnce(&Lines) -> Result<String, Error>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.failed.is_some() {
            return;
        }
        let lines = Lines::new(SystemTime::now());
        let begin = match state.begun {
            true => Ok(String::new()),
            false => lines.begin(),
        };
        state.begun = true;
        let written = begin
            .and_then(|begin| Ok(begin + &text(&lines)?))
            .map_err(Failure::from)
            .and_then(|text| Ok(self.put(&text)?));
        state.failed = written.err();
    }

    fn put(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match self.terminal {
            true => out.write_all(json_for_terminal(text).as_bytes())?,
            false => out.write_all(text.as_bytes())?,
        }
        // A reader has it now, whatever becomes of this process.
        out.flush()
    }
}

impl Sink for Live {
    fn tell(&self, item: DriftItem) {
        match item {
            DriftItem::Finding(finding) => self.write(|lines| lines.found(&finding)),
            DriftItem::NotLookedAt(left_out) => self.write(|lines| lines.left_out(&left_out)),
            // Progress is for the terminal, and the end is written with what the program adds to the report.
            _ => {}
        }
    }
}
