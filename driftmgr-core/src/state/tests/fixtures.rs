use super::{addresses, files};
use crate::error::ErrorKind;
use crate::state::State;

#[test]
fn every_state_is_read_or_refused_for_its_own_reason() {
    for (name, bytes) in files("states") {
        if !name.ends_with(".tfstate") && !name.ends_with("nasty/empty") {
            continue;
        }
        let refused = match name.as_str() {
            "driftctl-v4-versions/invalid.tfstate" => Some((ErrorKind::InvalidState, "not JSON")),
            "driftctl-v4-versions/invalid_version.tfstate" => {
                Some((ErrorKind::InvalidState, "no version number"))
            }
            "encrypted/terraform.tfstate" => Some((ErrorKind::Unsupported, "encrypted OpenTofu")),
            "nasty/corrupt/terraform.tfstate" => Some((ErrorKind::InvalidState, "not JSON")),
            "nasty/empty" | "opentofu-show-json-state/empty/terraform.tfstate" => {
                Some((ErrorKind::InvalidState, "empty"))
            }
            _ => None,
        };
        match (State::parse(&bytes), refused) {
            (Ok(state), None) => {
                let resources = bytes.windows(6).filter(|w| w == b"\"type\"").count();
                assert!(!state.resources.is_empty() || resources == 0, "{name}");
                for (resource, instance) in state.instances() {
                    let address = resource.instance_address(instance);
                    assert!(instance.attributes_untyped().is_ok(), "{name} {address}");
                }
            }
            (Err(error), Some((kind, message))) => {
                assert_eq!(error.kind(), kind, "{name}: {error}");
                assert!(error.message().contains(message), "{name}: {error}");
                assert!(!error.hints().is_empty(), "{name}: {error}");
            }
            (Ok(_), Some(_)) => panic!("{name} is read"),
            (Err(error), None) => panic!("{name}: {error}"),
        }
    }
}

#[test]
fn prints() {
    for (name, bytes) in files("states/opentofu-roundtrip") {
        if let Ok(state) = State::parse(&bytes) {
            println!("{name} {:?}", addresses(&state));
        }
    }
}
