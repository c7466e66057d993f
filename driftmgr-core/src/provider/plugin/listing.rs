//! `ListResource`: the objects of a type, as a stream.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{BoxStream, StreamExt};

use super::connection::{Connection, timed_out};
use super::reader::PluginReader;
use super::scrub::Scrubber;
use super::subject::{broken, decode, decode_identity, encode};
use super::wire::{Call, ListCall, ListEvent, Said};
use super::{configure, diagnostics};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::provider::reader::{ListRequest, Listed, ResourceReader as _};
use crate::provider::schema::ResourceSchema;

/// Starts a listing. The limit of calls holds until the provider begins to answer: whoever takes the objects may want to ask about
/// them before the listing is over.
pub(crate) async fn start(
    reader: &PluginReader,
    cx: &Context,
    request: ListRequest,
) -> Result<BoxStream<'static, Result<Listed>>> {
    let supervisor = reader.supervisor();
    let Some(block) = supervisor.schema().list_resources.get(&request.type_name) else {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "the provider cannot list this resource type",
        ));
    };
    let configuration =
        configure::complete(&request.configuration, block).map_err(|e| e.into_error())?;
    let mut scrubber = supervisor.scrubber().clone();
    scrubber.add_object(&configuration, block);
    let limit = request.limit.unwrap_or(0);
    let call = ListCall {
        type_name: request.type_name.clone(),
        configuration: encode(&configuration, &block.implied_type())?,
        include_object: request.include_object,
        limit: i64::try_from(limit).unwrap_or(i64::MAX),
    };
    let resource = reader.resource_schema(&request.type_name).cloned();
    let limit = supervisor.answer_timeout();
    let _permit = reader.permit(cx).await?;
    let connection = cx.run(supervisor.connection()).await?;
    let opened = async {
        match tokio::time::timeout(limit, connection.wire.list(call)).await {
            Ok(Ok(events)) => Ok(events),
            Ok(Err(e)) => Err(connection.failure(&e, &scrubber).await),
            Err(_) => Err(timed_out(limit)),
        }
    };
    let events = cx.run(opened).await?;
    let listing = Listing {
        cx: cx.clone(),
        events,
        connection,
        limit,
        resource,
        scrubber,
        ended: false,
    };
    let next = |mut listing: Listing| async move {
        let item = listing.next().await?;
        Some((item, listing))
    };
    Ok(futures::stream::unfold(listing, next).boxed())
}

/// A listing under way. It ends with its first error.
struct Listing {
    cx: Context,
    events: BoxStream<'static, Call<Said<ListEvent>>>,
    connection: Arc<Connection>,
    limit: Duration,
    resource: Option<Arc<ResourceSchema>>,
    scrubber: Scrubber,
    ended: bool,
}

impl Listing {
    async fn next(&mut self) -> Option<Result<Listed>> {
        if self.ended {
            return None;
        }
        let next = async { Ok(tokio::time::timeout(self.limit, self.events.next()).await) };
        let result = match self.cx.run(next).await {
            Err(cancelled) => Err(cancelled),
            Ok(Err(_)) => Err(timed_out(self.limit)),
            Ok(Ok(None)) => return None,
            Ok(Ok(Some(Err(e)))) => Err(self.connection.failure(&e, &self.scrubber).await),
            Ok(Ok(Some(Ok(said)))) => return Some(self.listed(said)),
        };
        self.ended = true;
        Some(result)
    }

    fn listed(&self, said: Said<ListEvent>) -> Result<Listed> {
        if let Some(error) = diagnostics::to_error(&said.diagnostics, &self.scrubber) {
            return Err(error);
        }
        let event = said.answer;
        let resource = self.resource.as_deref();
        let schema = resource.and_then(|r| r.identity.as_ref());
        let identity = decode_identity(schema, event.identity)?
            .ok_or_else(|| broken("a listed object has no identity"))?;
        let object = match (event.object, resource) {
            (Some(bytes), Some(resource)) => {
                let object = decode(&bytes, &resource.block.implied_type())?;
                Some(object).filter(|o| !o.is_null())
            }
            _ => None,
        };
        Ok(Listed {
            identity,
            display_name: self.scrubber.scrub(&event.display_name),
            object,
            diagnostics: diagnostics::scrubbed(said.diagnostics, &self.scrubber),
        })
    }
}
