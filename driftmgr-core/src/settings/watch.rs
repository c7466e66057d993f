//! Following the files while a program runs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecursiveMode, Watcher as _};
use tokio::sync::watch;

use super::find;
use super::load::{Sources, files, named_file};
use super::typed::Settings;
use crate::context::Context;
use crate::error::{Error, ErrorKind, Partial, Result};

/// Editors write in several steps: a change is over when nothing happened for this long.
const QUIET: Duration = Duration::from_millis(100);
/// A folder in which something always happens does not put a change off for ever.
const PATIENCE: Duration = Duration::from_secs(2);

/// What holds now.
#[derive(Debug, Clone)]
pub struct Current {
    /// The last settings without a mistake.
    pub settings: Arc<Settings>,
    /// What is wrong with the files as they are now; empty when the settings are those of the files.
    pub problems: Arc<[Error]>,
}

/// Follows the files of the settings. A change that holds a mistake leaves the settings as they were, and the mistake is told.
///
/// Environment and flags stay what they were at the start. Folders are watched, not files: a file that is replaced, or written where there
/// was none, is seen as well. A folder that does not exist at the start is not watched.
pub struct Watcher {
    current: watch::Receiver<Current>,
    // Dropping it closes the channel, and with that ends the thread.
    _watcher: notify::RecommendedWatcher,
}

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watcher")
            .field("current", &*self.current.borrow())
            .finish_non_exhaustive()
    }
}

impl Watcher {
    /// Reads the settings and follows them from now on. `check` says what else is wrong with settings that could be read, such as
    /// [`settings_problems`](crate::client::settings_problems); it runs on the watcher's thread.
    ///
    /// # Errors
    /// - The first problem of [`Settings::load`] or of `check`: there is nothing to fall back to yet.
    /// - `Unavailable` when the system cannot watch folders.
    pub fn start(
        cx: Context,
        sources: Sources,
        check: impl Fn(&Settings) -> Vec<Error> + Send + 'static,
    ) -> Result<Self> {
        let (changes, happened) = channel();
        let mut watcher = notify::recommended_watcher(Told(changes)).map_err(failed)?;
        // Watched before read: nothing that happens in between is missed.
        let mut watched = BTreeSet::new();
        for folder in folders(&cx, &sources) {
            if folder.is_dir() && watched.insert(folder.clone()) {
                watcher
                    .watch(&folder, RecursiveMode::NonRecursive)
                    .map_err(|e| failed(e).with("folder", folder.display()))?;
            }
        }
        let load = move || {
            let mut read = Settings::load(&cx, &sources);
            read.problems.extend(check(&read.value));
            read
        };
        let settings = load().into_result()?;
        let (told, current) = watch::channel(Current {
            settings: Arc::new(settings),
            problems: Arc::from([]),
        });
        std::thread::Builder::new()
            .name("driftmgr-settings".to_owned())
            .spawn(move || follow(&load, &happened, &told))
            .map_err(|e| {
                let message = format!("cannot follow the settings: {e}");
                Error::new(ErrorKind::Unavailable, message).with_source(e)
            })?;
        Ok(Self {
            current,
            _watcher: watcher,
        })
    }

    /// What holds now.
    pub fn current(&self) -> Current {
        self.current.borrow().clone()
    }

    /// Waits until something is different: other settings, a mistake, or a mistake that is gone.
    ///
    /// # Errors
    /// `Unavailable` when the files are not followed any more.
    pub async fn changed(&mut self) -> Result<Current> {
        self.current.changed().await.map_err(|e| {
            let message = "the settings are not followed any more";
            Error::new(ErrorKind::Unavailable, message).with_source(e)
        })?;
        Ok(self.current.borrow_and_update().clone())
    }
}

/// Passes on that something happened, whatever it was.
struct Told(Sender<()>);

impl notify::EventHandler for Told {
    fn handle_event(&mut self, event: notify::Result<notify::Event>) {
        // Reading changes nothing; and reading is what a change leads to. An error can mean that events were lost.
        let matters = event.map_or(true, |event| match event.kind {
            EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
            _ => true,
        });
        if matters {
            // Nobody listens when the watcher is being dropped.
            let _ = self.0.send(());
        }
    }
}

fn failed(error: notify::Error) -> Error {
    let message = format!("cannot watch the folders of the settings: {error}");
    Error::new(ErrorKind::Unavailable, message).with_source(error)
}

/// The folders in which a file of settings is or could be, and those that links lead to.
fn folders(cx: &Context, sources: &Sources) -> Vec<PathBuf> {
    let environment = cx.environment();
    let mut all = files(environment, sources);
    all.extend(find::user_candidate(environment));
    match named_file(environment, sources) {
        Some(named) => all.push(named),
        None => all.extend(find::project_candidates(environment)),
    }
    let targets: Vec<PathBuf> = all.iter().filter_map(|f| f.canonicalize().ok()).collect();
    let folder = |file: &PathBuf| match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => Path::new(".").to_owned(),
    };
    all.iter().chain(&targets).map(folder).collect()
}

fn follow(
    load: &impl Fn() -> Partial<Settings>,
    happened: &Receiver<()>,
    told: &watch::Sender<Current>,
) {
    while happened.recv().is_ok() {
        if !settle(happened) {
            return;
        }
        let Partial { value, problems } = load();
        told.send_if_modified(|current| {
            if problems.is_empty() {
                if current.problems.is_empty() && *current.settings == value {
                    return false;
                }
                current.settings = Arc::new(value);
            } else if same(&current.problems, &problems) {
                return false;
            }
            current.problems = problems.into();
            true
        });
    }
}

/// Waits for the end of a change; false when nobody follows any more.
fn settle(happened: &Receiver<()>) -> bool {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        match happened.recv_timeout(QUIET) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
    true
}

fn same(a: &[Error], b: &[Error]) -> bool {
    let texts = |errors: &[Error]| errors.iter().map(ToString::to_string).collect::<Vec<_>>();
    texts(a) == texts(b)
}
