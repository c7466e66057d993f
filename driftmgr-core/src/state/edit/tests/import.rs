use super::*;
use crate::address::ProviderConfigAddress;
use crate::error::ErrorKind;
use crate::state::{Instance, RawAttributes};

const AWS: &str = "provider[\"registry.terraform.io/hashicorp/aws\"]";

fn object(attributes: &str) -> Instance {
    Instance::new(None, 3, RawAttributes::Json(attributes.parse().unwrap()))
}

fn imported(lines: &[&str], address: &str, provider: &str, object: Instance) -> Result<State> {
    let before = state(lines);
    let provider: ProviderConfigAddress = provider.parse().unwrap();
    let edited = import(&before, &address.parse().unwrap(), &provider, object)?;
    Ok(written(&before, &edited))
}

#[test]
fn an_object_is_taken_in_where_nothing_is() {
    for address in ["t.new", "t.a[2]", "t.a[\"k\"]", "module.m[0].t.new", "u.a"] {
        let after = imported(
            &["t.a[0]", "t.b"],
            address,
            AWS,
            object(r#"{"id":"i-1","n":1.50}"#),
        )
        .unwrap();
        let (resource, instance) = after.instance(&address.parse().unwrap()).unwrap();
        assert_eq!(instance.schema_version, 3);
        assert_eq!(instance.id().as_deref(), Some("i-1"));
        assert_eq!(resource.provider_of(instance).unwrap().to_string(), AWS);
        assert_eq!(after.list().len(), 3);
        let text = String::from_utf8(after.to_bytes()).unwrap();
        assert_eq!(text.matches("1.50").count(), 4, "{text}");
    }
}

#[test]
fn what_is_refused() {
    let mut deposed = object("{}");
    deposed.deposed = Some("00000001".into());
    let west = format!("{AWS}.west");
    for (address, provider, object, kind) in [
        ("t.a", AWS, object("{}"), ErrorKind::Conflict),
        ("t.gone", AWS, object("{}"), ErrorKind::Conflict),
        (
            "t.a[0]",
            "provider[\"example.com/a/b\"]",
            object("{}"),
            ErrorKind::Conflict,
        ),
        ("t.a[0]", &west, object("{}"), ErrorKind::Conflict),
        ("data.t.a", AWS, object("{}"), ErrorKind::InvalidInput),
        ("t.b[-1]", AWS, object("{}"), ErrorKind::InvalidInput),
        ("t.b", AWS, object("[]"), ErrorKind::InvalidInput),
        ("t.b", AWS, object("null"), ErrorKind::InvalidInput),
        ("t.b", AWS, deposed, ErrorKind::InvalidInput),
    ] {
        let error = imported(&["t.a", "t.gone!"], address, provider, object).unwrap_err();
        assert_eq!(error.kind(), kind, "{address} {provider}: {error}");
    }
}

#[test]
fn attributes_are_in_no_error() {
    let error = imported(&["t.a"], "t.a", AWS, object(r#"{"password":"hunter2"}"#)).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}
