//! Refuses what would change a store.

use super::around::{Answer, Around, Call};
use crate::backend::Capability;
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};

/// Lets nothing pass that changes the store. A lock is a change: the store keeps it.
#[derive(Debug)]
pub(super) struct ReadOnly;

impl Around for ReadOnly {
    fn capability(&self, below: Capability) -> Capability {
        Capability {
            write: false,
            lock: false,
            ..below
        }
    }

    async fn around<'a, T, F, W>(&'a self, _: &'a Context, call: Call<'a>, work: W) -> Result<T>
    where
        T: Answer + 'a,
        F: Future<Output = Result<T>> + Send + 'a,
        W: Fn() -> F + Send + Sync + 'a,
    {
        if call.method.only_reads() {
            return work().await;
        }
        Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "the backend was opened as read-only: `{}` is not passed on to it",
                call.method.as_str()
            ),
        )
        .with("layer", "read_only")
        .with("location", &call.to.location)
        .with_hint("open it without the option `read_only`"))
    }
}
