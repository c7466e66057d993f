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
fn addresses_as_terraform_lists_them() {
    for (name, want) in [
        (
            "v1-simple.in",
            vec![
                "null_resource.bar",
                "null_resource.foo[0]",
                "null_resource.foo[1]",
            ],
        ),
        (
            "v3-bigint.in",
            vec![
                "null_resource.bar[0]",
                "null_resource.bar[1]",
                "null_resource.baz",
                "module.child.null_resource.foo",
            ],
        ),
        ("v3-builtin.in", vec!["data.terraform_remote_state.test"]),
        (
            "v4-modules.in",
            vec![
                "null_resource.bar",
                "module.modA.null_resource.resource",
                "module.modB.null_resource.bar[\"a\"]",
                "module.modB.null_resource.bar[\"b\"]",
            ],
        ),
    ] {
        for (file, bytes) in files("states/opentofu-roundtrip") {
            if file == format!("{name}.tfstate") {
                assert_eq!(addresses(&State::parse(&bytes).unwrap()), want, "{name}");
            }
        }
    }
}

#[test]
fn every_order_at_once() {
    let state = State::parse(include_bytes!("show/everything.tfstate")).unwrap();
    let want = [
        "data.terraform_remote_state.z",
        "terraform_data.A",
        "terraform_data.a[2]",
        "terraform_data.a[10]",
        "terraform_data.a[\"a\"]",
        "terraform_data.a[\"b\"]",
        "module.a[2].terraform_data.a",
        "module.a[10].terraform_data.a",
        "module.b.terraform_data.a",
        "module.c.terraform_data.dep",
        "module.a[\"x\"].module.c.terraform_data.a",
        "module.d.module.e.terraform_data.a",
    ];
    assert_eq!(addresses(&state), want);
    let address = "terraform_data.a[2]".parse().unwrap();
    let (_, current) = state.instance(&address).unwrap();
    assert_eq!(
        (current.id().as_deref(), state.objects(&address).count()),
        (Some("2"), 2)
    );
    assert!(
        state
            .instance(&"module.c.terraform_data.dep".parse().unwrap())
            .is_none()
    );
}
