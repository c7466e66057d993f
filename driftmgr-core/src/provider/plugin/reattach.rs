//! Providers that somebody else runs, as `TF_REATTACH_PROVIDERS` lists them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::handshake::{Endpoint, Protocol};
use crate::address::ProviderSource;
use crate::env::{Environment, TF_REATTACH_PROVIDERS};
use crate::error::{Error, ErrorKind, Result};

/// A running provider to attach to. It is never stopped or killed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reattach {
    /// The protocol it speaks.
    pub protocol: Protocol,
    /// Where it listens, without TLS.
    pub endpoint: Endpoint,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    protocol: String,
    /// Protocol 5 when it is missing: it is younger than the variable.
    #[serde(default)]
    protocol_version: u64,
    addr: Address,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Address {
    network: String,
    string: String,
}

/// The providers of `TF_REATTACH_PROVIDERS`; none when it is not set.
///
/// # Errors
/// `InvalidConfig` when the variable is not the JSON that a provider prints when it is started with `-debug`.
pub fn reattached(environment: &Environment) -> Result<BTreeMap<ProviderSource, Reattach>> {
    let Some(text) = environment.get(TF_REATTACH_PROVIDERS) else {
        return Ok(BTreeMap::new());
    };
    let wrong = |what: String| {
        Error::new(ErrorKind::InvalidConfig, what)
            .with("variable", TF_REATTACH_PROVIDERS)
            .with_hint("copy the value that the provider printed when it was started with -debug")
    };
    let entries: BTreeMap<String, Entry> = serde_json::from_str(text)
        .map_err(|e| wrong(format!("the list of running providers is not valid: {e}")))?;
    let entry = |(key, entry): (String, Entry)| {
        let about = |what: &str| wrong(format!("the running provider {key:?} {what}"));
        let source: ProviderSource = key
            .parse()
            .map_err(|_| about("is not named by a provider source"))?;
        if entry.protocol != "grpc" {
            return Err(about("does not speak gRPC"));
        }
        let protocol = match entry.protocol_version {
            0 => Some(Protocol::V5),
            number => Protocol::from_number(number),
        };
        let protocol = protocol.ok_or_else(|| about("speaks an unknown protocol version"))?;
        let endpoint = Endpoint::parse(&entry.addr.network, &entry.addr.string)
            .ok_or_else(|| about("has an address that cannot be used"))?;
        Ok((source, Reattach { protocol, endpoint }))
    };
    entries.into_iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<BTreeMap<ProviderSource, Reattach>> {
        reattached(&Environment::from_variables([(
            TF_REATTACH_PROVIDERS,
            json,
        )]))
    }

    #[test]
    fn reads_what_a_debugged_provider_prints() {
        let all = read(
            r#"{"registry.terraform.io/hashicorp/aws":{"Protocol":"grpc","ProtocolVersion":5,"Pid":1,"Test":true,
                "Addr":{"Network":"unix","String":"/tmp/plugin1"}},
               "cloudsix":{"Protocol":"grpc","ProtocolVersion":6,"Addr":{"Network":"tcp","String":"127.0.0.1:9"}},
               "me/old":{"Protocol":"grpc","Addr":{"Network":"unix","String":"/s"}}}"#,
        )
        .unwrap();
        let sources: Vec<String> = all.keys().map(ToString::to_string).collect();
        assert_eq!(
            sources,
            [
                "registry.terraform.io/hashicorp/aws",
                "registry.terraform.io/hashicorp/cloudsix",
                "registry.terraform.io/me/old"
            ]
        );
        let protocols: Vec<Protocol> = all.values().map(|r| r.protocol).collect();
        assert_eq!(protocols, [Protocol::V5, Protocol::V6, Protocol::V5]);
        assert!(reattached(&Environment::default()).unwrap().is_empty());
    }

    #[test]
    fn refuses_the_rest() {
        for json in [
            "nonsense",
            "[]",
            r#"{"aws":{}}"#,
            r#"{"a/b/c/d":{"Protocol":"grpc","ProtocolVersion":5,"Addr":{"Network":"unix","String":"/s"}}}"#,
            r#"{"aws":{"Protocol":"netrpc","ProtocolVersion":5,"Addr":{"Network":"unix","String":"/s"}}}"#,
            r#"{"aws":{"Protocol":"grpc","ProtocolVersion":4,"Addr":{"Network":"unix","String":"/s"}}}"#,
            r#"{"aws":{"Protocol":"grpc","ProtocolVersion":5,"Addr":{"Network":"unix","String":""}}}"#,
            r#"{"aws":{"Protocol":"grpc","ProtocolVersion":5,"Addr":{"Network":"tcp","String":"here"}}}"#,
        ] {
            let error = read(json).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{json}");
            assert_eq!(error.context_value("variable"), Some(TF_REATTACH_PROVIDERS));
        }
    }
}
