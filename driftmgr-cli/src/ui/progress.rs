//! Progress on standard error: only on a terminal, only for what takes longer than half a second, and gone without a trace.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use driftmgr_core::event::{Event, Observer};
use driftmgr_core::report::text::one_line;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::printer::Printer;
use crate::args::Global;

/// What takes less is not worth a word.
const PATIENCE: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(100);

/// A progress line that appears when the work takes long. Dropping it removes the line.
pub(crate) struct Progress {
    watcher: Arc<Watcher>,
    done: Option<Sender<()>>,
    curtain: Option<JoinHandle<()>>,
}

struct Watcher {
    bar: ProgressBar,
    quiet: u8,
    verbose: u8,
}

impl Progress {
    pub(crate) fn new(global: &Global, printer: &Printer) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let shown = !global.no_progress
            && printer.quiet() == 0
            // The log and the line would write over each other.
            && printer.verbose() < 2
            && std::io::stderr().is_terminal()
            && std::env::var_os("CI").is_none_or(|v| v.is_empty());
        let watcher = Arc::new(Watcher {
            bar,
            quiet: printer.quiet(),
            verbose: printer.verbose(),
        });
        let (done, wait) = channel();
        let curtain = shown.then(|| {
            let bar = watcher.bar.clone();
            std::thread::spawn(move || {
                if wait.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                    bar.set_draw_target(ProgressDrawTarget::stderr());
                    bar.enable_steady_tick(TICK);
                }
            })
        });
        Self {
            watcher,
            done: Some(done),
            curtain,
        }
    }

    /// Who the library tells.
    pub(crate) fn observer(&self) -> Arc<dyn Observer> {
        Arc::clone(&self.watcher) as Arc<dyn Observer>
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        // Closing the channel ends the wait; the line is cleared only after nobody can raise it any more.
        drop(self.done.take());
        if let Some(curtain) = self.curtain.take() {
            let _ = curtain.join();
        }
        self.watcher.bar.finish_and_clear();
    }
}

impl Watcher {
    fn say(&self, line: &str) {
        // `suspend` takes the line away while something else is written.
        self.bar.suspend(|| {
            use std::io::Write as _;
            let _ = writeln!(std::io::stderr().lock(), "{}", one_line(line));
        });
    }
}

impl Observer for Watcher {
    fn on_event(&self, event: &Event) {
        match event {
            Event::Started { step, total } => {
                self.bar.set_style(layout(total.is_some()));
                self.bar.set_message(one_line(step));
                self.bar.set_position(0);
                if let Some(total) = total {
                    self.bar.set_length(*total);
                }
            }
            Event::Progressed { done, total } => {
                if let Some(total) = total {
                    self.bar.set_style(layout(true));
                    self.bar.set_length(*total);
                }
                self.bar.set_position(*done);
            }
            Event::ProviderStarted {
                source,
                version,
                path,
            } if self.verbose > 0 => {
                let version = version.as_deref().unwrap_or("of unknown version");
                self.say(&format!(
                    "starting provider {source} {version}: {}",
                    path.display()
                ));
            }
            Event::Warning { message } if self.quiet < 2 => {
                self.say(&format!("warning: {message}"));
            }
            _ => {}
        }
    }
}

fn layout(counted: bool) -> ProgressStyle {
    let template = if counted {
        "{spinner} {msg} {pos}/{len}"
    } else {
        "{spinner} {msg}"
    };
    // The templates are constants; should one be wrong, indicatif's own layout does.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
