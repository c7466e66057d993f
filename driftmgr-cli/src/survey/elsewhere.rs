//! Reality that is known already, as the command line names it.

use std::sync::Arc;

use driftmgr_core::client::Against;
use driftmgr_core::drift::{Plan, Snapshot};
use driftmgr_core::{Error, ErrorKind};

use crate::args::Elsewhere;
use crate::exit::Failure;
use crate::source::{read_bytes, read_state};

/// Reads the file that stands in for reality.
pub(crate) fn read(args: &Elsewhere) -> Result<Against, Failure> {
    if let Some(file) = &args.plan {
        let (name, bytes) = read_bytes(file, "read the plan")?;
        let plan = Plan::parse(&bytes).map_err(|e| e.with("file", &name))?;
        return Ok(Against::Plan(name, Arc::new(plan)));
    }
    if let Some(file) = &args.snapshot {
        return Ok(Against::Snapshot(Arc::new(read_snapshot(file)?)));
    }
    if let Some(file) = &args.against {
        let state = read_state(file)?.state().clone();
        return Ok(Against::State(Arc::new(state)));
    }
    Ok(Against::Providers)
}

/// One plan or state is the reality of one target.
pub(crate) fn suits(against: &Against, targets: &[String]) -> Result<(), Error> {
    let option = match against {
        Against::Plan(..) => "--plan",
        Against::State(_) => "--against",
        Against::Providers | Against::Snapshot(_) => return Ok(()),
    };
    if targets.len() < 2 {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::InvalidInput,
        format!("{option} stands for the reality of one target, and there are more"),
    )
    .with_hint("run the command once for each target"))
}

/// Reads a snapshot; `-` is standard input.
pub(crate) fn read_snapshot(file: &str) -> Result<Snapshot, Failure> {
    let (name, bytes) = read_bytes(file, "read the snapshot")?;
    Ok(Snapshot::parse(&bytes).map_err(|e| e.with("file", &name))?)
}
