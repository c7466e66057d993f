//! The stream on which a provider's own prints arrive after the handshake.

use driftmgr_plugin::go_plugin::grpc_stdio_client::GrpcStdioClient;
use driftmgr_plugin::go_plugin::stdio_data::Channel as Source;
use tonic::transport::Channel;

use super::output::Tail;

/// Reads the stream to its end in a task of its own. Without a reader a provider that prints more than a pipe holds blocks for
/// ever. Providers without the service answer "unimplemented", and need no reader then.
pub(crate) fn consume(channel: Channel, tail: Tail) {
    tokio::spawn(async move {
        let mut client = GrpcStdioClient::new(channel);
        let Ok(stream) = client.stream_stdio(()).await else {
            return;
        };
        let mut stream = stream.into_inner();
        while let Ok(Some(piece)) = stream.message().await {
            if piece.channel() == Source::Stderr {
                tail.push(&piece.data);
            }
        }
    });
}
