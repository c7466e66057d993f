//! Recorded runs: keeping a report, and asking what all of them say.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::Stack;
use crate::backend::{BackendSpec, is_url};
use crate::context::Context;
use crate::drift::{DriftReport, Selection};
use crate::error::{Error, ErrorKind, Result};
use crate::history::{
    History, HistoryStore, Looked, Moment, Pruned, Question, Recorded, Run, SqliteHistory, Wanted,
    answer, default_path,
};

/// Runs that are kept over time. Cloning is cheap; clones are one store.
///
/// ```no_run
/// use driftmgr_core::Context;
/// use driftmgr_core::client::{Client, HistoryQuestion, RunHistory};
///
/// # async fn example() -> driftmgr_core::Result<()> {
/// let client = Client::builder().build()?;
/// let stack = client.open("./infra").await?;
/// let report = stack.detect_drift(&client.drift_options()).await?;
///
/// let history = RunHistory::open(client.context(), Some("drift.sqlite".as_ref())).await?;
/// history.record(&report, &[stack]).await?;
/// for finding in history.ask(&HistoryQuestion::default()).await?.findings {
///     println!("{} since {}", finding.address, finding.first_seen);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct RunHistory {
    cx: Context,
    store: Arc<dyn HistoryStore>,
}

/// What is asked of a history. The default asks for everything.
#[derive(Debug, Clone, Default)]
pub struct HistoryQuestion {
    /// Only these states: folders, files or lineages. All when there is none.
    pub targets: Vec<PathBuf>,
    /// Nothing that was over before so long ago. Findings that are open are always in the answer.
    pub since: Option<Duration>,
    /// Only these objects, as `-target` takes them; the answer has a timeline of each then.
    pub addresses: Vec<String>,
}

impl RunHistory {
    /// Opens the file, or makes it, readable by the user alone. The user's own when none is named: `driftmgr/history.sqlite` in the
    /// user's state folder.
    ///
    /// # Errors
    /// - `NotFound` when no file is named and there is no home folder.
    /// - `InvalidInput` for a file that is no history, or is damaged; `Unsupported` for one that a newer version has written.
    /// - `PermissionDenied` and `Unavailable` for a place that cannot be written.
    pub async fn open(cx: &Context, file: Option<&Path>) -> Result<Self> {
        let store = SqliteHistory::open(cx, place(cx, file)?).await?;
        Ok(Self::of(cx, Arc::new(store)))
    }

    /// Opens a file that is there.
    ///
    /// # Errors
    /// `NotFound` when it is not; else those of [`RunHistory::open`].
    pub async fn open_existing(cx: &Context, file: Option<&Path>) -> Result<Self> {
        let store = SqliteHistory::open_existing(cx, place(cx, file)?).await?;
        Ok(Self::of(cx, Arc::new(store)))
    }

    /// A store of the caller's own.
    pub fn of(cx: &Context, store: Arc<dyn HistoryStore>) -> Self {
        Self {
            cx: cx.clone(),
            store,
        }
    }

    /// The same with another context: its own cancellation and deadline.
    #[must_use]
    pub fn with_context(&self, cx: Context) -> Self {
        Self {
            cx,
            store: self.store.clone(),
        }
    }

    /// Keeps what a run found. `stacks` are those that were looked at: they tell which objects were in sync. A run that is there already
    /// is not recorded again; states that share a lineage with another one of the run are left out, and are problems of the answer.
    ///
    /// # Errors
    /// - `InvalidInput` for a report that was read back: nobody knows any more when it was made.
    /// - `Locked` when other programs keep the file busy; `Unavailable` and `PermissionDenied` when it cannot be written.
    pub async fn record(&self, report: &DriftReport, stacks: &[Stack]) -> Result<Recorded> {
        let made = report.made.as_ref().ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidInput,
                "a report that was read back is no run",
            )
            .with_hint("record the report of the run itself")
        })?;
        let states: Vec<Looked<'_>> = stacks
            .iter()
            .map(|stack| Looked {
                target: stack.label(),
                location: location(&self.cx, Path::new(stack.label())),
                state: stack.state(),
            })
            .collect();
        let run = Run::of(report, &states, made);
        let mut recorded = self.store.record(&self.cx, run.value).await?;
        recorded.problems.splice(0..0, run.problems);
        Ok(recorded)
    }

    /// What the recorded runs say: since when each finding is there, how often it came and went, what tends to drift next.
    ///
    /// # Errors
    /// - `NotFound` for a state that no run has looked at.
    /// - `InvalidInput` for a text that is no address.
    pub async fn ask(&self, question: &HistoryQuestion) -> Result<History> {
        let only = Selection::new(&question.addresses, &[])?;
        let now = self.cx.now();
        let wanted = question.targets.iter().map(|target| Wanted {
            name: target.display().to_string(),
            location: location(&self.cx, target),
        });
        let past = self.store.load(&self.cx, wanted.collect()).await?;
        let since = question.since;
        let question = Question {
            since: since.map(|age| now.checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH)),
            only,
            timelines: !question.addresses.is_empty(),
            ..Question::new(now)
        };
        Ok(answer(&past, &question))
    }

    /// Forgets the runs that ended longer ago than `age`, but for the last run of each state. Of findings that are still there it keeps
    /// when they were first seen and how often.
    ///
    /// # Errors
    /// Those of [`RunHistory::record`].
    pub async fn prune(&self, age: Duration) -> Result<Pruned> {
        let until = Moment::from(self.cx.now()).before(age);
        self.store.prune(&self.cx, until).await
    }
}

fn place(cx: &Context, file: Option<&Path>) -> Result<PathBuf> {
    let environment = cx.environment();
    match file {
        Some(file) => Ok(environment.current_dir().join(file)),
        None => default_path(environment).ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                "there is no home folder to keep the history in",
            )
            .with_hint("name a file with --history, or set XDG_STATE_HOME")
        }),
    }
}

/// Where a target is, in a way that means the same from every folder.
fn location(cx: &Context, target: &Path) -> String {
    if let Some(url) = target.to_str().filter(|text| is_url(text)) {
        // As the target of a report is named: without what can be secret.
        return BackendSpec::from_url(url).map_or_else(|_| url.to_owned(), |spec| spec.origin);
    }
    let path = cx.environment().current_dir().join(target);
    // What is no longer there can still be asked about.
    let path = path.canonicalize().unwrap_or_else(|_| {
        std::path::absolute(&path).map_or(path.clone(), |p| p.components().collect())
    });
    path.display().to_string()
}
