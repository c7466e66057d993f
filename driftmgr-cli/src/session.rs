//! One piece of work that does I/O: a runtime, progress, a deadline, and Ctrl-C.

use std::future::Future;
use std::time::Duration;

use driftmgr_core::env::Environment;
use driftmgr_core::{Context, Error, ErrorKind};
use tokio_util::sync::CancellationToken;

use crate::args::Global;
use crate::exit::{Exit, Failure};
use crate::ui::printer::Printer;
use crate::ui::progress::Progress;

/// How long background work may take to end after the result is there.
const GRACE: Duration = Duration::from_secs(2);

/// Runs the work to its end. The first Ctrl-C cancels it, the second ends the process at once.
pub(crate) fn run<T, W>(
    global: &Global,
    printer: &Printer,
    timeout: Option<Duration>,
    work: impl FnOnce(Context) -> W,
) -> Result<T, Failure>
where
    W: Future<Output = Result<T, Error>>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| {
            Error::new(ErrorKind::Unexpected, format!("cannot start threads: {e}")).with_source(e)
        })?;
    let progress = Progress::new(global, printer);
    let cancel = CancellationToken::new();
    let result = runtime.block_on(async {
        let mut cx = Context::new(Environment::from_process())
            .with_observer(progress.observer())
            .with_cancellation(cancel.clone());
        if let Some(timeout) = timeout {
            cx = cx.with_timeout(timeout);
        }
        let watch = tokio::spawn(interrupts(cancel));
        let result = work(cx).await;
        watch.abort();
        result
    });
    drop(progress);
    runtime.shutdown_timeout(GRACE);
    Ok(result?)
}

/// Waits for Ctrl-C, twice.
async fn interrupts(cancel: CancellationToken) {
    if tokio::signal::ctrl_c().await.is_err() {
        return;
    }
    cancel.cancel();
    if tokio::signal::ctrl_c().await.is_ok() {
        // The user does not want to wait for an orderly end. Providers notice that nobody reads from them any more.
        #[allow(clippy::exit)]
        std::process::exit(i32::from(Exit::Interrupted.code()));
    }
}
