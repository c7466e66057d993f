use proptest::prelude::*;

use super::*;

#[test]
fn reads_what_terraform_prints() {
    for text in [
        "aws_vpc.main",
        "data.aws_ami.this[0]",
        "module.a.aws_vpc.main",
        "module.a[\"x.y\"].module.b[1].data.aws_ami.this[\"k\"]",
        "module.data.data.x.y",
        "a.b[-1]",
        "a.b[\"quote \\\" and $${interpolation}\"]",
    ] {
        let address: InstanceAddress = text.parse().unwrap();
        assert_eq!(address.to_string(), text);
    }
}

#[test]
fn refuses_what_is_no_address_and_names_the_byte() {
    for (text, at) in [
        ("", 0),
        ("aws_vpc", 7),
        ("a.b.c", 3),
        ("a.b[", 4),
        ("a.b[\"x]", 5),
        ("a b.c", 0),
        ("module.a.", 9),
    ] {
        let error = text.parse::<InstanceAddress>().unwrap_err();
        assert_eq!(error.at(), at, "{error}");
    }
}

#[test]
fn names_are_written_in_any_script() {
    for text in ["aws_vpc.größe", "aws_vpc.हिन्दी", "module.水.aws_vpc.main"] {
        let address: InstanceAddress = text.parse().unwrap();
        assert_eq!(address.to_string(), text);
    }
    for text in ["aws_vpc.a\u{2003}b", "aws_vpc.a\u{85}b", "aws_vpc.a$"] {
        assert!(text.parse::<InstanceAddress>().is_err(), "{text:?}");
    }
}

#[test]
fn what_is_no_provider_source_is_refused() {
    for text in [
        "",
        "a//b",
        "a/b/c/d",
        "a b",
        "a\"b",
        "x\\y/b",
        "provider[\"a\\\"b\"]",
    ] {
        assert!(text.parse::<ProviderSource>().is_err(), "{text}");
        assert!(text.parse::<ProviderConfigAddress>().is_err(), "{text}");
    }
    let folded: ProviderConfigAddress = "provider.AWS".parse().unwrap();
    assert_eq!(folded.source, ProviderSource::implied("aws"));
    assert_eq!(
        ProviderSource::implied("Aws"),
        ProviderSource::implied("aws")
    );
}

#[test]
fn provider_configurations_old_and_new() {
    for (text, want) in [
        (
            "provider[\"registry.terraform.io/hashicorp/aws\"]",
            "provider[\"registry.terraform.io/hashicorp/aws\"]",
        ),
        (
            "module.a.provider[\"h/n/t\"].west",
            "module.a.provider[\"h/n/t\"].west",
        ),
        (
            "provider[\"h/n/t\"].west[\"eu\"]",
            "provider[\"h/n/t\"].west[\"eu\"]",
        ),
        (
            "provider.aws",
            "provider[\"registry.terraform.io/hashicorp/aws\"]",
        ),
        (
            "module.x.provider.aws.west",
            "module.x.provider[\"registry.terraform.io/hashicorp/aws\"].west",
        ),
        (
            "provider.terraform",
            "provider[\"terraform.io/builtin/terraform\"]",
        ),
    ] {
        assert_eq!(
            text.parse::<ProviderConfigAddress>().unwrap().to_string(),
            want
        );
    }
}

#[test]
fn an_open_namespace_is_filled_in() {
    for (text, want) in [
        (
            "registry.terraform.io/-/aws",
            "registry.terraform.io/hashicorp/aws",
        ),
        (
            "registry.terraform.io/-/terraform",
            "terraform.io/builtin/terraform",
        ),
        ("example.com/a/b", "example.com/a/b"),
    ] {
        let source: ProviderSource = text.parse().unwrap();
        assert_eq!(source.with_namespace().to_string(), want);
    }
}

#[test]
fn sorts_root_first_then_data_then_keys() {
    let sorted = [
        "data.z.z",
        "a.b",
        "a.b[2]",
        "a.b[10]",
        "a.b[\"a\"]",
        "module.a.a.a",
        "module.a.module.b.a.a",
    ];
    let mut addresses: Vec<InstanceAddress> =
        sorted.iter().rev().map(|t| t.parse().unwrap()).collect();
    addresses.sort();
    let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    assert_eq!(texts, sorted);
}

fn key() -> impl Strategy<Value = Option<InstanceKey>> {
    prop_oneof![
        Just(None),
        any::<i64>().prop_map(|i| Some(InstanceKey::Int(i))),
        ".*".prop_map(|s| Some(InstanceKey::String(s)))
    ]
}

proptest! {
    #[test]
    fn every_key_survives(a in key(), b in key()) {
        let resource = ResourceAddress {
            module: ModulePath::root().child("m", a),
            mode: ResourceMode::Managed,
            resource_type: "t".into(),
            name: "n".into(),
        };
        let address = resource.instance(b);
        prop_assert_eq!(address.to_string().parse::<InstanceAddress>().unwrap(), address);
    }

    #[test]
    fn any_text_is_refused_or_read(text in ".*") {
        let _ = text.parse::<InstanceAddress>();
        let _ = text.parse::<ProviderConfigAddress>();
    }
}
