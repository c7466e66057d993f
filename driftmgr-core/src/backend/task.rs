//! Changes that come to their end also when nobody waits for them any more: no lock is left behind, nothing half done.

use std::time::Duration;

use tokio::sync::oneshot;
use tracing::Instrument as _;

use crate::context::{Context, joined};
use crate::error::{Error, ErrorKind, Result};

/// What has to be done also when the rest was cancelled may take so long.
const LAST_WORDS: Duration = Duration::from_secs(30);

/// A context for that, such as for giving a lock back.
pub(super) fn last_words(cx: &Context) -> Context {
    cx.detached().with_timeout(LAST_WORDS)
}

/// Runs a change in a task of its own. Cancellation of its context still ends it early, in order.
pub(super) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    joined(
        tokio::spawn(work.in_current_span()),
        "work on a stored state",
    )
    .await
}

/// Takes a lock in a task of its own. Whoever stopped waiting does not know that there is a lock, so it is given back by `give_back`.
pub(super) async fn take_lock<L, G>(
    take: impl Future<Output = Result<L>> + Send + 'static,
    give_back: impl FnOnce(L) -> G + Send + 'static,
) -> Result<L>
where
    L: Send + 'static,
    G: Future<Output = ()> + Send,
{
    let (tell, told) = oneshot::channel();
    to_its_end(async move {
        if let Err(Ok(lock)) = tell.send(take.await) {
            give_back(lock).await;
        }
        Ok(())
    })
    .await?;
    told.await.unwrap_or_else(|e| {
        Err(Error::new(ErrorKind::Unexpected, "work on a lock ended early").with_source(e))
    })
}
