//! Takes an object in that was read elsewhere, as `import` does after it has asked the provider.

use serde_json::value::RawValue;

use super::place;
use super::{Change, Edited};
use crate::address::{InstanceAddress, ProviderConfigAddress, ResourceMode};
use crate::error::{Error, ErrorKind, Result};
use crate::state::model::{Instance, InstanceStatus, RawAttributes, State};

/// Puts an object that exists into the state, at an address where nothing is.
///
/// `object` is what the provider said of it: attributes, the version of their schema, which of them are sensitive, private data, identity.
/// Its `key` and `provider` are not looked at; `address` and `provider` say these.
///
/// # Errors
/// - [`ErrorKind::Conflict`] when there is an object at the address, a deposed one included, or when the resource's other instances belong
///   to another provider configuration. Terraform would give all of them to the new one.
/// - [`ErrorKind::InvalidInput`] for a data source, a negative index, attributes that are no JSON object, and an object that is deposed or
///   tainted.
pub fn import(
    state: &State,
    address: &InstanceAddress,
    provider: &ProviderConfigAddress,
    object: Instance,
) -> Result<Edited> {
    let refused = |kind: ErrorKind, why: &str| {
        Error::new(kind, format!("nothing can be imported to {address}: {why}"))
            .with_operation("state.edit")
            .with("address", address)
    };
    if address.resource.mode == ResourceMode::Data {
        let why = "it is a data source, which Terraform reads anew each time";
        return Err(refused(ErrorKind::InvalidInput, why));
    }
    place::refuse_negative(address)?;
    if object.deposed.is_some() || object.status != InstanceStatus::Ready {
        let why = "the object is deposed or tainted, and not one that exists as it should";
        return Err(refused(ErrorKind::InvalidInput, why));
    }
    let is_object = match &object.attributes {
        RawAttributes::Json(raw) => {
            let text = raw.get();
            text.trim_start().starts_with('{') && serde_json::from_str::<&RawValue>(text).is_ok()
        }
        RawAttributes::Flatmap(_) => false,
    };
    if !is_object {
        let why = "its attributes are no JSON object";
        return Err(refused(ErrorKind::InvalidInput, why));
    }
    if place::has_instance(state, address) {
        return Err(
            refused(ErrorKind::Conflict, "the state has an object there already")
                .with_hint("remove it from the state first, when it is another one"),
        );
    }
    let known = place::entries(state, &address.resource).last();
    let known = known.and_then(place::provider_of);
    let differs = |known: &&ProviderConfigAddress| {
        (&known.module, &known.source, &known.alias)
            != (&provider.module, &provider.source, &provider.alias)
    };
    if let Some(known) = known.filter(differs) {
        let why = format!("the resource belongs to {known}");
        return Err(refused(ErrorKind::Conflict, &why)
            .with("provider", provider)
            .with_hint("import with the provider configuration of the resource, or replace its provider first"));
    }
    let mut object = object;
    object.provider = provider.key.is_some().then(|| provider.clone().into());
    let mut new = state.clone();
    place::insert_instance(&mut new, address, vec![object], Some(provider));
    let change = Change::Imported {
        address: address.clone(),
    };
    Edited::new(new, vec![change])
}
