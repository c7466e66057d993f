use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::credentials::{Role, Source};
use super::*;
use crate::env::Environment;
use crate::error::{Error, ErrorKind};

fn read(environment: &Environment, arguments: Value) -> Result<CosConfig> {
    let arguments: BTreeMap<String, Value> = serde_json::from_value(arguments).unwrap();
    let spec = BackendSpec::from_block("cos", arguments, "main.tf:1");
    CosConfig::from_spec(environment, &spec)
}

fn with(more: Value) -> Value {
    let mut all = json!({"bucket": "states-1250000000", "region": "ap-guangzhou"});
    all.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    all
}

fn config(more: Value) -> CosConfig {
    read(&Environment::default(), with(more)).unwrap()
}

fn refused(more: Value) -> Error {
    let error = read(&Environment::default(), with(more)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfig);
    assert_eq!(error.context_value("backend"), Some("main.tf:1"));
    error
}

#[test]
fn defaults_are_those_of_the_programs() {
    let config = config(json!({}));
    assert_eq!(
        config.state_name(&WorkspaceName::default_name()),
        "terraform.tfstate"
    );
    assert_eq!(
        config.state_name(&"prod".parse().unwrap()),
        "prod/terraform.tfstate"
    );
    assert!(config.encrypt);
    assert_eq!(config.acl, "private");
    assert_eq!(
        config.root.to_string(),
        "https://states-1250000000.cos.ap-guangzhou.myqcloud.com/"
    );
    assert_eq!(config.domain, "tencentcloudapi.com");
    assert!(matches!(config.source, Source::Missing) && config.role.is_none());
}

#[test]
fn the_bucket_is_where_the_arguments_say() {
    for (more, root) in [
        (
            json!({"accelerate": true}),
            "https://states-1250000000.cos.accelerate.myqcloud.com/",
        ),
        (
            json!({"accelerate": "true"}),
            "https://states-1250000000.cos.accelerate.myqcloud.com/",
        ),
        (
            json!({"endpoint": "http://cos-internal.ap-x.tencentcos.cn", "accelerate": true}),
            "http://states-1250000000.cos-internal.ap-x.tencentcos.cn/",
        ),
    ] {
        assert_eq!(config(more).root.to_string(), root);
    }
}

#[test]
fn variables_stand_in_for_arguments() {
    let environment = Environment::from_variables([
        ("TENCENTCLOUD_REGION", "ap-x"),
        ("TENCENTCLOUD_SECRET_ID", "id"),
        ("TENCENTCLOUD_SECRET_KEY", "planted"),
        ("TENCENTCLOUD_SECURITY_TOKEN", "planted-token"),
        ("TENCENTCLOUD_DOMAIN", "api.test"),
        ("TENCENTCLOUD_ASSUME_ROLE_ARN", "arn"),
        ("TENCENTCLOUD_ASSUME_ROLE_SESSION_NAME", "me"),
        ("TENCENTCLOUD_ASSUME_ROLE_SESSION_DURATION", "900"),
        ("TENCENTCLOUD_ASSUME_ROLE_EXTERNAL_ID", "x"),
    ]);
    let config = read(&environment, json!({"bucket": "b-1"})).unwrap();
    assert_eq!(
        config.root.to_string(),
        "https://b-1.cos.ap-x.myqcloud.com/"
    );
    assert_eq!(config.domain, "api.test");
    let Source::Keys(keys) = &config.source else {
        panic!("{:?}", config.source)
    };
    assert_eq!(keys.id.expose(), "id");
    assert_eq!(keys.token.as_ref().unwrap().expose(), "planted-token");
    let role = Role {
        arn: "arn".to_owned(),
        session: "me".to_owned(),
        seconds: 900,
        policy: None,
        external_id: Some("x".to_owned()),
    };
    assert_eq!(config.role, Some(role));
    assert!(!format!("{config:?}").contains("planted"));
    // The block has its own defaults, and the variables fill it.
    let block = json!({"bucket": "b-1", "assume_role": [{"role_arn": "other", "policy": "{}"}]});
    let role = read(&environment, block).unwrap().role.unwrap();
    assert_eq!(
        (role.arn.as_str(), role.session.as_str(), role.seconds),
        ("other", "me", 900)
    );
    assert_eq!(role.policy.as_deref(), Some("{}"));
}

#[test]
fn keys_of_tccli_are_read_where_there_are_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("work.credential");
    let stored = json!({"secretId": " id ", "secretKey": "planted", "role-arn": "arn", "role-session-name": "s", "type": "x"});
    std::fs::write(&path, stored.to_string()).unwrap();
    let more =
        json!({"shared_credentials_dir": folder.path().to_str().unwrap(), "profile": "work"});
    let found = config(more.clone());
    let Source::Keys(keys) = &found.source else {
        panic!("{:?}", found.source)
    };
    assert_eq!(
        (keys.id.expose().as_str(), keys.token.is_none()),
        ("id", true)
    );
    assert_eq!(found.role.unwrap().seconds, 7200);
    // Keys of arguments come first, and no file is read.
    std::fs::write(&path, "{planted").unwrap();
    let error = refused(more.clone());
    assert!(
        error.context_value("place").unwrap().starts_with("line 1"),
        "{error:?}"
    );
    assert!(!format!("{error:?}").contains("planted"), "{error:?}");
    let mut more = more;
    more["secret_id"] = "id".into();
    more["secret_key"] = "planted".into();
    assert!(config(more).role.is_none());
    // Nor is it an error that there is none.
    let more = json!({"shared_credentials_dir": "/nonexistent"});
    assert!(matches!(config(more).source, Source::Missing));
    let more = json!({"cam_role_name": "machine", "secret_id": "a", "secret_key": "planted"});
    assert!(matches!(config(more).source, Source::Machine(role) if role == "machine"));
}

#[test]
fn what_is_wrong_is_named() {
    for (more, why) in [
        (json!({"bucket": ""}), "`bucket` is missing"),
        (json!({"region": ""}), "`region` is missing"),
        (json!({"bucket": "a/b"}), "no name of one"),
        (json!({"region": "x.evil.test/"}), "no name of one"),
        (json!({"prefix": "/a"}), "`prefix` starts with"),
        (json!({"prefix": "./a"}), "`prefix` starts with"),
        (json!({"key": "a/"}), "`key` starts or ends"),
        (json!({"acl": "public-read-write"}), "`acl` is neither"),
        (json!({"encrypt": "maybe"}), "not true or false"),
        (
            json!({"endpoint": "https://example.com"}),
            "none that Terraform takes",
        ),
        (
            json!({"endpoint": "ftp://cos-internal.x.tencentcos.cn"}),
            "none that Terraform takes",
        ),
        (
            json!({"endpoint": "https://cos-internal.a.b.tencentcos.cn"}),
            "none that Terraform takes",
        ),
        (json!({"domain": "a/b"}), "no name of a domain"),
        (json!({"secret_id": "id"}), "`secret_key` is missing"),
        (json!({"secret_key": "planted"}), "`secret_id` is missing"),
        (
            json!({"assume_role": {"session_name": "s"}}),
            "`assume_role.role_arn` is missing",
        ),
        (
            json!({"assume_role": {"role_arn": "a", "session_name": "s", "session_duration": 43201}}),
            "above 43200 seconds",
        ),
        (json!({"secret_ids": "x"}), "no argument `secret_ids`"),
    ] {
        let error = refused(more);
        assert!(error.message().contains(why), "{error}");
        assert!(!format!("{error:?}").contains("planted"), "{error:?}");
    }
    assert_eq!(
        refused(json!({"secret_ids": "x"})).hints()[0],
        "did you mean `secret_id`?"
    );
}
