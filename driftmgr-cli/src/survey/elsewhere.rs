//! Reality that is known already, as the command line names it.

use std::path::Path;
use std::sync::Arc;

use driftmgr_core::client::{Client, DriftOptions, Stack};
use driftmgr_core::drift::{DriftReport, Plan, Snapshot};
use driftmgr_core::state::State;
use driftmgr_core::{Error, ErrorKind};

use crate::args::Elsewhere;
use crate::exit::Failure;
use crate::source::{read_bytes, read_state};

/// Who says what is really there.
pub(crate) enum Witness {
    Providers,
    Plan { name: String, plan: Arc<Plan> },
    Snapshot(Box<Snapshot>),
    State(Box<State>),
}

impl Witness {
    /// Reads the file that stands in for reality.
    pub(crate) fn read(args: &Elsewhere) -> Result<Self, Failure> {
        if let Some(file) = &args.plan {
            let (name, bytes) = read_bytes(file, |file, e| {
                Error::io("read the plan", Path::new(file), e)
            })?;
            let plan = Plan::parse(&bytes).map_err(|e| e.with("file", &name))?;
            let plan = Arc::new(plan);
            return Ok(Self::Plan { name, plan });
        }
        if let Some(file) = &args.snapshot {
            return Ok(Self::Snapshot(Box::new(read_snapshot(file)?)));
        }
        if let Some(file) = &args.against {
            return Ok(Self::State(Box::new(read_state(file)?.state)));
        }
        Ok(Self::Providers)
    }

    /// A plan holds the state that it was made from.
    pub(crate) fn needs_no_target(&self) -> bool {
        matches!(self, Self::Plan { .. })
    }

    /// One plan or state is the reality of one target.
    pub(crate) fn suits(&self, targets: &[String]) -> Result<(), Error> {
        match self {
            Self::Plan { .. } if targets.len() > 1 => Err(one_target("--plan")),
            Self::State(_) if targets.len() > 1 => Err(one_target("--against")),
            _ => Ok(()),
        }
    }

    /// Holds the stacks against it; of a plan, its own state when there is none.
    pub(crate) async fn ask(
        &self,
        client: &Client,
        stacks: &[Stack],
        options: &DriftOptions,
    ) -> Result<DriftReport, Error> {
        match (self, stacks) {
            (Self::Providers, _) => client.detect_drift(stacks, options).await,
            (Self::Plan { name, plan }, []) => client.drift_of_plan(name, plan, options).await,
            (Self::Plan { plan, .. }, [stack]) => client.drift_by_plan(stack, plan, options).await,
            (Self::Plan { .. }, _) => Err(one_target("--plan")),
            (Self::Snapshot(snapshot), _) => {
                client.drift_by_snapshot(stacks, snapshot, options).await
            }
            (Self::State(real), [stack]) => client.drift_by_state(stack, real, options).await,
            (Self::State(_), _) => Err(one_target("--against")),
        }
    }
}

fn one_target(option: &str) -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        format!("{option} stands for the reality of one target, and there are more"),
    )
    .with_hint("run the command once for each target")
}

/// Reads a snapshot; `-` is standard input.
pub(crate) fn read_snapshot(file: &str) -> Result<Snapshot, Failure> {
    let (name, bytes) = read_bytes(file, |file, e| {
        Error::io("read the snapshot", Path::new(file), e)
    })?;
    Ok(Snapshot::parse(&bytes).map_err(|e| e.with("file", &name))?)
}
