//! `state replace-provider`.

use std::sync::Arc;

use super::{Change, Edited};
use crate::address::{ProviderConfigAddress, ProviderSource};
use crate::error::{Error, ErrorKind, Result};
use crate::state::model::State;

/// Lets another provider manage what one manages now, in all modules and under all aliases. Module, alias and key of each configuration
/// stay.
///
/// When no resource belongs to `from`, nothing changes, and both programs do not call that an error either. States from before Terraform
/// 0.13 name providers without a namespace: there `from` is `registry.terraform.io/-/NAME`. A source that is written without a host
/// means the registry of the program that reads it; [`ProviderSource`] takes Terraform's, so name OpenTofu's host where that is meant.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for a pattern of sources; [`ErrorKind::InvalidState`] when there is no serial left.
pub fn replace_provider(
    state: &State,
    from: &ProviderSource,
    to: &ProviderSource,
) -> Result<Edited> {
    for source in [from, to] {
        let parts = [&source.host, &source.namespace, &source.provider_type];
        if parts.iter().any(|part| part.contains('*')) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                format!("{source} is a pattern, and not the source of one provider"),
            )
            .with_operation("state.edit")
            .with("provider", source)
            .with_hint("name it as HOST/NAMESPACE/TYPE"));
        }
    }
    let mut new = state.clone();
    let mut changes = Vec::new();
    if from != to {
        // Thousands of instances share a configuration; they share the new one, too.
        let mut last: Option<(Arc<ProviderConfigAddress>, Arc<ProviderConfigAddress>)> = None;
        let mut replace = |provider: &mut Option<Arc<ProviderConfigAddress>>| {
            let before = provider.as_ref().filter(|p| p.source == *from)?.clone();
            let after = match &last {
                Some((known, after)) if **known == *before => Arc::clone(after),
                _ => Arc::new(ProviderConfigAddress {
                    source: to.clone(),
                    ..(*before).clone()
                }),
            };
            last = Some((before.clone(), after.clone()));
            *provider = Some(after.clone());
            Some((before, after))
        };
        for resource in &mut new.resources {
            let own = replace(&mut resource.provider);
            let of_instances = resource
                .instances
                .iter_mut()
                .filter_map(|instance| replace(&mut instance.provider));
            let all: Vec<_> = own.into_iter().chain(of_instances).collect();
            changes.extend(
                all.into_iter()
                    .map(|(before, after)| Change::ProviderReplaced {
                        resource: resource.address.clone(),
                        from: (*before).clone(),
                        to: (*after).clone(),
                    }),
            );
        }
        changes.sort_by(|a, b| key(a).cmp(&key(b)));
        changes.dedup();
    }
    Edited::new(new, changes)
}

fn key(change: &Change) -> Option<impl Ord + '_> {
    match change {
        Change::ProviderReplaced { resource, from, .. } => Some((resource, from)),
        _ => None,
    }
}
