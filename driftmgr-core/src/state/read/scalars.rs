//! Small values that every format has: the file's metadata, provider addresses, types of outputs.

use super::json::{Document, Object};
use crate::address::{ProviderConfigAddress, ProviderSource};
use crate::error::{Error, Result};
use crate::state::model::State;

/// Serial, lineage and the version of the program that wrote the file.
pub(super) fn metadata(document: &Document<'_>, top: &Object<'_>, version: u64) -> Result<State> {
    let mut state = State {
        format_version: version,
        ..State::default()
    };
    if let Some(raw) = top.get("serial") {
        state.serial = document.value(raw, "`serial`", "a whole number that is not negative")?;
    }
    if let Some(raw) = top.get("lineage") {
        state.lineage = document.value(raw, "`lineage`", "a string")?;
    }
    if let Some(raw) = top.get("terraform_version") {
        let by: String = document.value(raw, "`terraform_version`", "a string")?;
        if !by.is_empty() {
            if !is_version(&by) {
                return Err(document
                    .error(raw, "`terraform_version` is no version number")
                    .with_hint("terraform refuses this state too; restore `terraform_version`, for instance \"1.11.4\""));
            }
            state.terraform_version = Some(by);
        }
    }
    Ok(state)
}

/// What HashiCorp's version library takes: numbers with dots, then an optional pre-release and build.
pub(super) fn is_version(text: &str) -> bool {
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (numbers, rest) = text.split_at(end);
    let all_numbers = numbers.split('.').all(|part| !part.is_empty());
    all_numbers
        && rest
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '~' | '.' | '+'))
}

/// A provider configuration as any format spells it. States from before Terraform 0.13 name the type alone; its namespace is then
/// `-`, as Terraform has it.
pub(super) fn provider(text: &str) -> Result<ProviderConfigAddress, crate::address::AddressError> {
    let address: ProviderConfigAddress = text.parse()?;
    Ok(if text.contains('[') && text.contains("provider[") {
        address
    } else {
        legacy_provider(address)
    })
}

pub(super) fn legacy_provider(mut address: ProviderConfigAddress) -> ProviderConfigAddress {
    if !address.source.is_builtin() {
        "-".clone_into(&mut address.source.namespace);
    }
    address
}

/// The provider whose name a type begins with: `aws` for `aws_vpc`.
pub(super) fn provider_of_type(resource_type: &str) -> ProviderSource {
    let name = resource_type
        .split_once('_')
        .map_or(resource_type, |(name, _)| name);
    ProviderSource::implied(name)
}

/// Adds what to do about a part that terraform would refuse too.
pub(super) fn broken(error: Error) -> Error {
    error.with_hint("the state was damaged or edited by hand; restore an earlier version of it")
}
