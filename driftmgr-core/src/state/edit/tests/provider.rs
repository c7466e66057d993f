use super::*;
use crate::address::ProviderSource;

fn source(text: &str) -> ProviderSource {
    text.parse().unwrap()
}

#[test]
fn all_configurations_of_a_source_are_replaced_and_keep_alias_and_module() {
    let text = String::from_utf8(state(&["t.a", "t.b", "u.c"]).to_bytes()).unwrap();
    let mut json: Json = serde_json::from_str(&text).unwrap();
    let providers = [
        "provider[\"registry.terraform.io/hashicorp/aws\"]",
        "module.m.provider[\"registry.terraform.io/hashicorp/aws\"].west",
        "provider[\"registry.terraform.io/hashicorp/google\"]",
    ];
    for (i, provider) in providers.iter().enumerate() {
        json["resources"][i]["provider"] = (*provider).into();
    }
    let before = State::parse(json.to_string().as_bytes()).unwrap();
    let edited = replace_provider(
        &before,
        &source("hashicorp/aws"),
        &source("example.com/a/b"),
    )
    .unwrap();
    let after = written(&before, &edited);
    let got: Vec<String> = after
        .resources
        .iter()
        .map(|r| r.provider.as_ref().unwrap().to_string())
        .collect();
    assert_eq!(
        got,
        [
            "provider[\"example.com/a/b\"]",
            "module.m.provider[\"example.com/a/b\"].west",
            providers[2]
        ]
    );
    assert_eq!(edited.changes.len(), 2);
    let back = replace_provider(&after, &source("example.com/a/b"), &source("aws")).unwrap();
    let text = String::from_utf8(back.state.to_bytes()).unwrap();
    assert_eq!(
        text,
        json.to_string().replace("\"serial\":7", "\"serial\":9")
    );
}

#[test]
fn nothing_changes_when_nothing_belongs_to_it_or_it_is_the_same() {
    let before = state(&["t.a"]);
    for (from, to) in [("google", "example.com/a/b"), ("aws", "hashicorp/aws")] {
        let edited = replace_provider(&before, &source(from), &source(to)).unwrap();
        assert!(edited.changes.is_empty());
        assert_eq!(edited.state.serial, 7);
        assert!(edited.state.to_bytes() == before.to_bytes());
    }
}

#[test]
fn a_pattern_is_no_provider() {
    let before = state(&["t.a"]);
    for (from, to) in [("aws", "*"), ("example.com/*/aws", "aws")] {
        let error = replace_provider(&before, &source(from), &source(to)).unwrap_err();
        assert_eq!(error.kind(), crate::error::ErrorKind::InvalidInput);
    }
}
