//! Recorded runs.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use driftmgr_core::client::{HistoryQuestion, RunHistory};

use crate::error::Failure;
use crate::job::Job;
use crate::records::{HistoryAnswer, Pruned, Recorded};
use crate::report::DriftReport;
use crate::stack::Stack;
use crate::typed::typed;

/// Runs that are kept over time.
#[derive(uniffi::Object)]
pub struct History {
    inner: RunHistory,
}

/// What is asked of a history. The default asks for everything.
#[derive(Debug, Clone, Default, uniffi::Record)]
pub struct Question {
    /// Only these states: folders, files or lineages. All when there is none.
    #[uniffi(default = [])]
    pub targets: Vec<String>,
    /// Nothing that was over before so long ago. Findings that are open are always in the answer.
    #[uniffi(default = None)]
    pub since: Option<Duration>,
    /// Only these objects; the answer has a timeline of each then.
    #[uniffi(default = [])]
    pub addresses: Vec<String>,
}

/// Opens the file, or makes it, readable by the user alone. The user's own when none is named.
#[uniffi::export]
pub async fn open_history(
    file: Option<String>,
    job: Option<Arc<Job>>,
) -> Result<Arc<History>, Failure> {
    Job::run(job, |cx| async move {
        let inner = RunHistory::open(&cx, file.as_deref().map(Path::new)).await?;
        Ok(Arc::new(History { inner }))
    })
    .await
}

/// Opens a file that is there.
#[uniffi::export]
pub async fn open_existing_history(
    file: Option<String>,
    job: Option<Arc<Job>>,
) -> Result<Arc<History>, Failure> {
    Job::run(job, |cx| async move {
        let inner = RunHistory::open_existing(&cx, file.as_deref().map(Path::new)).await?;
        Ok(Arc::new(History { inner }))
    })
    .await
}

#[uniffi::export]
impl History {
    /// Keeps what a run found. `stacks` are those that were looked at.
    pub async fn record(
        self: Arc<Self>,
        report: Arc<DriftReport>,
        stacks: Vec<Arc<Stack>>,
        job: Option<Arc<Job>>,
    ) -> Result<Recorded, Failure> {
        Job::run(job, |cx| async move {
            let stacks: Vec<_> = stacks.iter().map(|stack| stack.inner.clone()).collect();
            typed(
                &self
                    .inner
                    .with_context(cx)
                    .record(&report.inner, &stacks)
                    .await?,
            )
        })
        .await
    }

    /// What the recorded runs say.
    pub async fn ask(
        self: Arc<Self>,
        question: Question,
        job: Option<Arc<Job>>,
    ) -> Result<HistoryAnswer, Failure> {
        Job::run(job, |cx| async move {
            let question = HistoryQuestion {
                targets: question.targets.into_iter().map(Into::into).collect(),
                since: question.since,
                addresses: question.addresses,
            };
            typed(&self.inner.with_context(cx).ask(&question).await?)
        })
        .await
    }

    /// Forgets the runs that ended longer ago than `age`, but for the last run of each state.
    pub async fn prune(
        self: Arc<Self>,
        age: Duration,
        job: Option<Arc<Job>>,
    ) -> Result<Pruned, Failure> {
        Job::run(job, |cx| async move {
            typed(&self.inner.with_context(cx).prune(age).await?)
        })
        .await
    }
}
