//! One HTTP/2 connection to a provider, over a unix socket or TCP, with or without TLS.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Uri};
use tower::service_fn;

use super::handshake::Endpoint;

/// Largest message taken in either direction. Schemas of the largest providers need tens of megabytes.
pub(crate) const MAX_MESSAGE: usize = 1 << 30;
/// HTTP/2 flow-control windows: a schema should not wait for acknowledgements.
const STREAM_WINDOW: u32 = 8 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Connects. The channel never connects a second time: a provider that is gone has lost its configuration, so whoever holds the
/// channel has to learn of it.
pub(crate) async fn connect(
    endpoint: Endpoint,
    tls: Option<Arc<ClientConfig>>,
) -> Result<Channel, tonic::transport::Error> {
    let used = Arc::new(AtomicBool::new(false));
    let connector = service_fn(move |_: Uri| {
        let (endpoint, tls, used) = (endpoint.clone(), tls.clone(), used.clone());
        async move {
            if used.swap(true, Ordering::Relaxed) {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            open(&endpoint, tls).await.map(TokioIo::new)
        }
    });
    // The scheme keeps tonic from adding TLS of its own; the name is only the HTTP/2 authority.
    Channel::from_static("http://localhost")
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .connect_with_connector(connector)
        .await
}

async fn open(endpoint: &Endpoint, tls: Option<Arc<ClientConfig>>) -> io::Result<Box<dyn Stream>> {
    let plain: Box<dyn Stream> = match endpoint {
        #[cfg(unix)]
        Endpoint::Unix(path) => Box::new(tokio::net::UnixStream::connect(path).await?),
        #[cfg(not(unix))]
        Endpoint::Unix(_) => return Err(io::ErrorKind::Unsupported.into()),
        Endpoint::Tcp(address) => Box::new(TcpStream::connect(address).await?),
    };
    match tls {
        None => Ok(plain),
        Some(config) => {
            let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
            let stream = TlsConnector::from(config).connect(name, plain).await?;
            Ok(Box::new(stream))
        }
    }
}
