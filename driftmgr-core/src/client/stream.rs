//! Drift as it is found: a stream that ends with the whole report.

use std::pin::Pin;
use std::task::{Context as Poller, Poll};

use futures::Stream;
use futures::future::BoxFuture;
use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::{Client, DriftOptions, Stack};
use crate::drift::{DriftItem, DriftReport};
use crate::error::Result;

/// Drift as it is found. The last item is the report, or the error that ended the run.
///
/// The run goes on while the stream is polled, and ends when the stream is dropped. To get what was found so far, cancel the context
/// instead: then the stream ends with a report that says what was not reached.
///
/// ```no_run
/// use driftmgr_core::client::{Client, DriftItem};
/// use futures::StreamExt as _;
///
/// # async fn example() -> driftmgr_core::Result<()> {
/// let client = Client::builder().build()?;
/// let stack = client.open("./infra").await?;
/// let mut stream = stack.drift_stream(&client.drift_options());
/// while let Some(item) = stream.next().await {
///     match item? {
///         DriftItem::Finding(finding) => println!("{} differs", finding.address),
///         DriftItem::Report(report) => println!("{} looked at", report.summary.checked),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct DriftStream {
    items: UnboundedReceiver<DriftItem>,
    /// `None` once it has ended.
    run: Option<BoxFuture<'static, Result<DriftReport>>>,
    /// What it ended with, until it is given away.
    end: Option<Result<DriftReport>>,
}

impl Client {
    /// Looks at every managed instance of the stacks, as [`Client::detect_drift`] does, and tells what is found while the run goes on:
    /// every object as it was looked at, every finding as soon as nothing that is still to be read can change it, and at the end the report.
    ///
    /// A finding is given once, and the report has the same. Nothing is done before the stream is polled.
    pub fn drift_stream(&self, stacks: &[Stack], options: &DriftOptions) -> DriftStream {
        let (told, items) = mpsc::unbounded_channel();
        let (client, stacks, options) = (self.clone(), stacks.to_vec(), options.clone());
        let run = async move {
            // Nobody listens any more when the stream is gone, and then the run is gone too.
            let tell = |item| drop(told.send(item));
            client
                .ask_providers(&stacks, &options, |_, reality| reality, &tell)
                .await
        };
        DriftStream {
            items,
            run: Some(Box::pin(run)),
            end: None,
        }
    }
}

impl Stream for DriftStream {
    type Item = Result<DriftItem>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            // What was told comes before the end.
            if let Ok(item) = this.items.try_recv() {
                return Poll::Ready(Some(Ok(item)));
            }
            if let Some(end) = this.end.take() {
                return Poll::Ready(Some(end.map(|r| DriftItem::Report(Box::new(r)))));
            }
            let Some(run) = &mut this.run else {
                return Poll::Ready(None);
            };
            match run.as_mut().poll(cx) {
                Poll::Ready(end) => {
                    this.end = Some(end);
                    this.run = None;
                }
                // The run itself tells, so nothing comes but by polling it.
                Poll::Pending if this.items.is_empty() => return Poll::Pending,
                Poll::Pending => {}
            }
        }
    }
}

impl std::fmt::Debug for DriftStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DriftStream")
            .field("running", &self.run.is_some())
            .finish_non_exhaustive()
    }
}
