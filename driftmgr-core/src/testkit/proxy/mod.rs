//! A proxy that makes what real servers do only now and then: throttling, slow and broken answers, cut connections.
//!
//! It stands between a client and a real server, on a free port of 127.0.0.1, and does what a script says; what the script does not
//! mention goes through unchanged. [`HttpProxy`] knows requests of HTTP/1.1, [`TcpProxy`] knows bytes. Both count, so that a test can tell
//! that its fault was met, and both end with their value.
//!
//! ```
//! use driftmgr_core::testkit::proxy::{HttpFault, HttpProxy, Rule};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! # let server = tokio::net::TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
//! let proxy = HttpProxy::start(server).await?;
//! // The second request that writes a lock file is told to come again in a second.
//! proxy.script(Rule::new(HttpFault::throttled(Some(1))).method("PUT").path(".tflock").from(2));
//! # Ok(())
//! # }
//! ```

mod http;
mod message;
mod tcp;

use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use http::{HttpFault, HttpProxy, Request, Rule};
pub use tcp::{Direction, TcpFault, TcpProxy};

/// The listener and the task that accepts. Connections end with it.
#[derive(Debug)]
struct Front {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Front {
    async fn listen() -> io::Result<(TcpListener, SocketAddr)> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
