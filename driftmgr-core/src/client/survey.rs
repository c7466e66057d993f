//! Many targets in one run, some of which may not open.

use std::path::Path;
use std::sync::Arc;

use futures::future::join_all;

use super::{Client, DriftOptions, OpenOptions, Stack, ignoring};
use crate::backend::shown_target;
use crate::drift::{DriftReport, Plan, Snapshot};
use crate::error::{Error, ErrorKind, Result};
use crate::state::State;

/// What a run over many targets gave.
#[derive(Debug)]
pub struct Survey {
    /// The report. Targets that could not be opened are among its problems, each with its `target`.
    pub report: DriftReport,
    /// The targets that could be opened, in the order in which they were named.
    pub stacks: Vec<Stack>,
    /// Those that could not.
    pub unopened: Vec<String>,
    /// Something stood for reality, and no provider was asked.
    pub asked_elsewhere: bool,
}

/// What stands for reality.
#[derive(Debug, Clone, Default)]
pub enum Against {
    /// The providers are asked.
    #[default]
    Providers,
    /// A plan, with the name that its own state has in the report: it needs no target, and takes one at most.
    Plan(String, Arc<Plan>),
    /// What a snapshot found.
    Snapshot(Arc<Snapshot>),
    /// Another state, for one target.
    State(Arc<State>),
}

impl Client {
    /// Opens targets and looks at them. One target that cannot be opened is the error; among several it is a problem of the report.
    ///
    /// # Errors
    /// Those of [`Client::open`] when there is one target, and those of [`Client::detect_drift`].
    ///
    /// ```no_run
    /// use driftmgr_core::client::{Client, OpenOptions};
    ///
    /// # async fn example() -> driftmgr_core::Result<()> {
    /// let client = Client::builder().build()?;
    /// let found = client
    ///     .detect_drift_at(&["a", "b", "prod.tfstate"], &OpenOptions::default(), &client.drift_options())
    ///     .await?;
    /// println!("{} drifted; not opened: {:?}", found.report.summary.drifted, found.unopened);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn detect_drift_at<T: AsRef<Path>>(
        &self,
        targets: &[T],
        open: &OpenOptions,
        options: &DriftOptions,
    ) -> Result<Survey> {
        self.detect_drift_against(targets, &Against::Providers, open, options)
            .await
    }

    /// The same with what stands for reality.
    ///
    /// # Errors
    /// Those of [`Client::detect_drift_at`], and `InvalidInput` for more targets than a plan or a state can stand for.
    pub async fn detect_drift_against<T: AsRef<Path>>(
        &self,
        targets: &[T],
        against: &Against,
        open: &OpenOptions,
        options: &DriftOptions,
    ) -> Result<Survey> {
        let started = self.cx.now();
        let silent = ignoring::read(&self.cx, options)?;
        let options = &silent.value;
        let opened = targets.iter().map(|t| self.open_each(t.as_ref(), open));
        let opened = join_all(opened).await;
        let mut stacks: Vec<Stack> = Vec::new();
        let mut failures = Vec::new();
        for (target, stack) in opened.into_iter().flatten() {
            match stack {
                Ok(stack) => stacks.push(stack),
                Err(error) => failures.push((target, error)),
            }
        }
        if stacks.is_empty() && failures.len() == 1 {
            return Err(failures.swap_remove(0).1);
        }
        // Without any stack that was asked for, there is nothing to hold against anything.
        let against = match stacks.is_empty() && !targets.is_empty() {
            true => &Against::Providers,
            false => against,
        };
        let mut report = self.ask(against, &stacks, options).await?;
        if let Some(made) = &mut report.made {
            made.started = started;
        }
        let unopened = failures.iter().map(|(target, _)| target.clone()).collect();
        let failures =
            failures
                .into_iter()
                .map(|(target, error)| match error.context_value("target") {
                    Some(_) => error,
                    None => error.with("target", target),
                });
        report.problems.extend(failures);
        report.problems.extend(silent.problems);
        Ok(Survey {
            report,
            stacks,
            unopened,
            asked_elsewhere: !matches!(against, Against::Providers),
        })
    }

    /// Opens a target, each of the states that a pattern means, or each of its workspaces, with what each is called.
    async fn open_each(&self, target: &Path, open: &OpenOptions) -> Vec<(String, Result<Stack>)> {
        let label = shown_target(target);
        let found = match self.matches(target, open).await {
            Ok(Some(found)) => found,
            Ok(None) if open.every_workspace => return self.open_workspaces(target, open).await,
            Ok(None) => return vec![(label, self.open_with(target, open).await)],
            Err(error) => return vec![(label, Err(error))],
        };
        let each = found.into_iter().map(|one| {
            let label = match &one.workspace {
                Some(name) => format!("{} ({name})", shown_target(&one.target)),
                None => shown_target(&one.target),
            };
            let of_one = OpenOptions {
                workspace: one.workspace.or_else(|| open.workspace.clone()),
                ..open.clone()
            };
            async move {
                let opened = self.open_with(&one.target, &of_one).await;
                (label.clone(), opened.map(|stack| stack.called(&label)))
            }
        });
        join_all(each).await
    }

    async fn open_workspaces(
        &self,
        target: &Path,
        open: &OpenOptions,
    ) -> Vec<(String, Result<Stack>)> {
        let label = shown_target(target);
        let names = async { self.manage_with(target, open).await?.workspaces().await };
        let names = match names.await {
            Ok(names) => names,
            Err(error) => return vec![(label, Err(error))],
        };
        let total = names.len();
        let each = names.into_iter().map(|name| {
            let of_one = OpenOptions {
                workspace: Some(name.clone()),
                ..open.clone()
            };
            let label = format!("{label} ({name})");
            async move {
                let opened = self.open_with(target, &of_one).await;
                (opened.map(|stack| stack.called(&label)), label)
            }
        });
        let opened = join_all(each).await.into_iter();
        opened
            // Both programs list workspaces that nothing was applied in yet.
            .filter(|(opened, _)| total == 1 || !is_empty(opened))
            .map(|(opened, label)| (label, opened))
            .collect()
    }

    /// Holds the stacks against it; of a plan, its own state when there is none.
    async fn ask(
        &self,
        against: &Against,
        stacks: &[Stack],
        options: &DriftOptions,
    ) -> Result<DriftReport> {
        match (against, stacks) {
            (Against::Providers, _) => self.detect_drift(stacks, options).await,
            (Against::Plan(name, plan), []) => self.drift_of_plan(name, plan, options).await,
            (Against::Plan(_, plan), [stack]) => self.drift_by_plan(stack, plan, options).await,
            (Against::Plan(..), _) => Err(one_target("a plan")),
            (Against::Snapshot(snapshot), _) => {
                self.drift_by_snapshot(stacks, snapshot, options).await
            }
            (Against::State(real), [stack]) => self.drift_by_state(stack, real, options).await,
            (Against::State(_), _) => Err(one_target("a state")),
        }
    }
}

/// There is no state.
fn is_empty(opened: &Result<Stack>) -> bool {
    let error = opened.as_ref().err();
    error.is_some_and(|e| e.kind() == ErrorKind::NotFound && e.context_value("looked at").is_some())
}

fn one_target(what: &str) -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        format!("{what} stands for the reality of one target, and there are more"),
    )
    .with_hint("ask once for each target")
}

impl Plan {
    /// Reads a plan file, as `terraform show -json PLANFILE` prints it.
    ///
    /// # Errors
    /// - `NotFound`, `PermissionDenied` and `Unavailable` for a file that cannot be read.
    /// - Those of [`Plan::parse`].
    pub fn read<P: AsRef<Path>>(file: P) -> Result<Self> {
        let file = file.as_ref();
        let bytes = std::fs::read(file).map_err(|e| Error::io("read the plan", file, e))?;
        Self::parse(&bytes).map_err(|e| e.with("file", file.display()))
    }
}
