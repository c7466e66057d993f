use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::credentials::{Role, Source};
use super::*;
use crate::env::Environment;
use crate::error::{Error, ErrorKind};

fn read(environment: &Environment, arguments: Value) -> Result<OssConfig> {
    let arguments: BTreeMap<String, Value> = serde_json::from_value(arguments).unwrap();
    let spec = BackendSpec::from_block("oss", arguments, "main.tf:1");
    OssConfig::from_spec(environment, &spec)
}

fn with(more: Value) -> Value {
    let mut all = json!({"bucket": "states", "region": "cn-hangzhou"});
    all.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    all
}

fn config(more: Value) -> OssConfig {
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
    let found = config(json!({}));
    assert_eq!(
        found.state_name(&WorkspaceName::default_name()),
        "env:/terraform.tfstate"
    );
    assert_eq!(
        found.state_name(&"prod".parse().unwrap()),
        "env:/prod/terraform.tfstate"
    );
    assert!(!found.encrypt && found.acl.is_none() && found.table.is_none());
    assert_eq!(
        found.root.to_string(),
        "https://states.oss-cn-hangzhou.aliyuncs.com/"
    );
    assert_eq!(
        found.sts.to_string(),
        "https://sts.cn-hangzhou.aliyuncs.com/"
    );
    assert!(matches!(found.source, Source::Missing) && found.role.is_none());
    let top = config(json!({"prefix": ""}));
    assert_eq!(
        top.state_name(&WorkspaceName::default_name()),
        "terraform.tfstate"
    );
}

#[test]
fn the_bucket_is_where_the_arguments_say() {
    for (endpoint, root, region) in [
        (
            "oss-cn-beijing.aliyuncs.com",
            "https://states.oss-cn-beijing.aliyuncs.com/",
            Some("cn-beijing"),
        ),
        (
            "http://oss-cn-beijing-internal.aliyuncs.com/x",
            "http://states.oss-cn-beijing-internal.aliyuncs.com/",
            Some("cn-beijing"),
        ),
        (
            "oss-accelerate.aliyuncs.com",
            "https://states.oss-accelerate.aliyuncs.com/",
            None,
        ),
        (
            "http://127.0.0.1:8080",
            "http://127.0.0.1:8080/states/",
            None,
        ),
        ("http://[::1]:8080", "http://[::1]:8080/states/", None),
        ("store.test:8443", "https://states.store.test:8443/", None),
    ] {
        let found = read(
            &Environment::default(),
            json!({"bucket": "states", "endpoint": endpoint}),
        );
        let found = found.unwrap();
        assert_eq!(
            (found.root.to_string().as_str(), found.region.as_deref()),
            (root, region)
        );
    }
}

#[test]
fn the_lock_is_in_a_table() {
    let table = |more: Value| config(more).table;
    // As for the programs, an endpoint alone is no lock.
    assert!(table(json!({"tablestore_endpoint": "x.cn-hangzhou.ots.aliyuncs.com"})).is_none());
    let found = table(
        json!({"tablestore_endpoint": "x.cn-hangzhou.ots.aliyuncs.com", "tablestore_table": "t"}),
    );
    let found = found.unwrap();
    assert_eq!(
        found.endpoint.to_string(),
        "https://x.cn-hangzhou.ots.aliyuncs.com/"
    );
    assert_eq!((found.instance.as_str(), found.name.as_str()), ("x", "t"));
    let found = table(json!({
        "tablestore_endpoint": "http://127.0.0.1:1", "tablestore_table": "t", "tablestore_instance_name": "i"
    }));
    assert_eq!(found.unwrap().instance, "i");
}

#[test]
fn variables_stand_in_for_arguments() {
    let sets = [
        [
            "ALICLOUD_ACCESS_KEY",
            "ALICLOUD_SECRET_KEY",
            "ALICLOUD_SECURITY_TOKEN",
            "ALICLOUD_REGION",
            "ALICLOUD_STS_ENDPOINT",
            "ALICLOUD_TABLESTORE_ENDPOINT",
            "ALICLOUD_OSS_ENDPOINT",
            "ALICLOUD_ASSUME_ROLE_ARN",
            "ALICLOUD_ASSUME_ROLE_SESSION_NAME",
        ],
        [
            "ALIBABA_CLOUD_ACCESS_KEY_ID",
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
            "ALIBABA_CLOUD_SECURITY_TOKEN",
            "ALIBABA_CLOUD_REGION",
            "ALIBABA_CLOUD_STS_ENDPOINT",
            "ALIBABA_CLOUD_TABLESTORE_ENDPOINT",
            "ALIBABA_CLOUD_OSS_ENDPOINT",
            "ALIBABA_CLOUD_ROLE_ARN",
            "ALIBABA_CLOUD_ROLE_SESSION_NAME",
        ],
        [
            "ALICLOUD_ACCESS_KEY_ID",
            "ALICLOUD_ACCESS_KEY_SECRET",
            "ALICLOUD_SECURITY_TOKEN",
            "ALICLOUD_DEFAULT_REGION",
            "ALICLOUD_STS_ENDPOINT",
            "ALICLOUD_TABLESTORE_ENDPOINT",
            "OSS_ENDPOINT",
            "ALICLOUD_ASSUME_ROLE_ARN",
            "ALICLOUD_ASSUME_ROLE_SESSION_NAME",
        ],
    ];
    let values = [
        "id",
        "planted",
        "planted-token",
        "cn-x",
        "sts.test",
        "i.ots.test",
        "oss.test",
        "acs:ram::1:role/r",
        "me",
    ];
    for names in sets {
        let environment = Environment::from_variables(names.into_iter().zip(values))
            .with_variable("ALICLOUD_ASSUME_ROLE_SESSION_EXPIRATION", "901");
        let found = read(
            &environment,
            json!({"bucket": "states", "tablestore_table": "t"}),
        )
        .unwrap();
        assert_eq!(found.root.to_string(), "https://states.oss.test/");
        assert_eq!(found.sts.to_string(), "https://sts.test/");
        assert_eq!(found.region.as_deref(), Some("cn-x"));
        assert_eq!(found.table.as_ref().unwrap().instance, "i");
        let Source::Keys(keys) = &found.source else {
            panic!("{:?}", found.source)
        };
        assert_eq!(
            (keys.id.expose().as_str(), keys.token.is_some()),
            ("id", true)
        );
        let role = Role {
            arn: "acs:ram::1:role/r".to_owned(),
            session: "me".to_owned(),
            seconds: 901,
            policy: None,
        };
        assert_eq!(found.role, Some(role));
        assert!(!format!("{found:?}").contains("planted"));
    }
}

#[test]
fn the_flat_arguments_of_a_role_come_before_the_block() {
    let block = json!({"role_arn": "block", "session_name": "s", "session_expiration": 1000, "policy": "{}"});
    let role = config(json!({"assume_role": [block]})).role.unwrap();
    assert_eq!(
        (role.arn.as_str(), role.seconds, role.policy.as_deref()),
        ("block", 1000, Some("{}"))
    );
    let role = config(json!({"assume_role": [block], "assume_role_role_arn": "flat"}))
        .role
        .unwrap();
    assert_eq!(
        (role.arn.as_str(), role.session.as_str(), role.seconds),
        ("flat", "driftmgr", 3600)
    );
    // Without a role the rest means nothing.
    assert!(
        config(json!({"assume_role_session_name": "s"}))
            .role
            .is_none()
    );
}

#[test]
fn a_profile_has_what_belongs_to_its_mode() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json");
    let profile = |name: &str| {
        json!({
            "name": name, "mode": name, "access_key_id": "id", "access_key_secret": "planted", "sts_token": "planted-token",
            "region_id": "cn-x", "ram_role_arn": "arn", "ram_session_name": "s", "expired_seconds": 950, "ram_role_name": "machine",
        })
    };
    let modes = ["AK", "StsToken", "RamRoleArn", "EcsRamRole"];
    let all = json!({"current": "AK", "profiles": modes.map(profile)});
    std::fs::write(&path, all.to_string()).unwrap();
    let file = path.to_str().unwrap();
    let read = |name: &str| {
        let arguments =
            json!({"bucket": "states", "profile": name, "shared_credentials_file": file});
        read(&Environment::default(), arguments)
    };
    for mode in modes {
        let found = read(mode).unwrap();
        assert_eq!(found.region.as_deref(), Some("cn-x"));
        match &found.source {
            Source::Keys(keys) => assert_eq!(keys.token.is_some(), mode == "StsToken", "{mode}"),
            Source::Machine(role) => assert_eq!((role.as_str(), mode), ("machine", "EcsRamRole")),
            Source::Missing => panic!("{mode}"),
        }
        let seconds = found.role.map(|role| role.seconds);
        assert_eq!(seconds, (mode == "RamRoleArn").then_some(950), "{mode}");
    }
    // What is not there is nothing, as for the programs; then there is no region either.
    let error = read("other").unwrap_err();
    assert!(error.message().contains("no `region`"), "{error}");
    std::fs::write(&path, "{planted").unwrap();
    let error = read("AK").unwrap_err();
    assert!(error.context_value("place").unwrap().starts_with("line 1"));
    assert!(!format!("{error:?}").contains("planted"), "{error:?}");
}

#[test]
fn what_is_wrong_is_named() {
    for (more, why) in [
        (json!({"bucket": ""}), "`bucket` is missing"),
        (json!({"bucket": "a/b"}), "no name of one"),
        (json!({"region": ""}), "no `region` and no `endpoint`"),
        (json!({"prefix": "/a"}), "`prefix` starts with"),
        (json!({"prefix": "./a"}), "`prefix` starts with"),
        (json!({"key": "a/"}), "`key` starts or ends"),
        (json!({"acl": "default"}), "`acl` is none"),
        (json!({"encrypt": "maybe"}), "not true or false"),
        (
            json!({"endpoint": "https://u:planted@x"}),
            "`endpoint` is no HTTP",
        ),
        (
            json!({"sts_endpoint": "https://"}),
            "`sts_endpoint` is no HTTP",
        ),
        (json!({"tablestore_table": "t"}), "no `tablestore_endpoint`"),
        (json!({"access_key": "id"}), "`secret_key` is missing"),
        (
            json!({"assume_role": {"session_name": "s"}}),
            "`assume_role.role_arn` is missing",
        ),
        (
            json!({"assume_role_role_arn": "a", "assume_role_session_expiration": 899}),
            "not between 900 and 3600",
        ),
        (
            json!({"access_keys": "planted"}),
            "no argument `access_keys`",
        ),
    ] {
        let error = refused(more);
        assert!(error.message().contains(why), "{error}");
        assert!(!format!("{error:?}").contains("planted"), "{error:?}");
    }
    assert_eq!(
        refused(json!({"access_keys": "x"})).hints()[0],
        "did you mean `access_key`?"
    );
}
