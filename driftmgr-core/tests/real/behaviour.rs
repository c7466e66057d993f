//! What real providers answer: same, changed, deleted, upgraded, planned, imported, listed.

use driftmgr_core::ErrorKind;
use driftmgr_core::provider::{ImportTarget, ListRequest, Origin, PlanRequest};
use driftmgr_core::value::{Path, Type};
use futures::StreamExt;

use super::*;

fn stored_object(json: serde_json::Value) -> RawAttributes {
    RawAttributes::Json(raw(json))
}

#[tokio::test(flavor = "multi_thread")]
async fn same_changed_and_deleted_on_both_protocols_with_and_without_tls() {
    for kind in [FIVE, SIX] {
        for tls in [true, false] {
            let world = World::new(kind, 3);
            let world = match tls {
                true => world,
                false => world.env("TF_DISABLE_PLUGIN_TLS", "1"),
            };
            let reader = world.reader().await;
            world.edit("n1", |object| object["name"] = "renamed".into());
            world.edit("n2", |object| *object = serde_json::Value::Null);

            let same = world.read(&reader, "n0").await.unwrap();
            assert_eq!(
                same.current.as_ref(),
                Some(&same.prior),
                "{kind:?} tls {tls}"
            );
            let changed = world.read(&reader, "n1").await.unwrap();
            let current = changed.current.unwrap();
            assert_eq!(current.attribute("name"), Some(&"renamed".into()));
            assert_eq!(changed.prior.attribute("name"), Some(&"n1".into()));
            let deleted = world.read(&reader, "n2").await.unwrap();
            assert!(deleted.current.is_none(), "{kind:?} tls {tls}");
            world.pool.shutdown().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cloud_that_is_down_is_unavailable_and_never_says_deleted() {
    for kind in [FIVE, SIX] {
        let world = World::new(kind, 1);
        let reader = world.reader().await;
        std::fs::remove_file(world.cloud()).unwrap();
        let error = world.read(&reader, "n0").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        world.pool.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_object_is_upgraded_by_the_provider() {
    let world = World::new(
        Kind {
            type_name: "cloudfive_server",
            ..FIVE
        },
        0,
    );
    world.write(json!({"objects": {"cloudfive_server": {"srv-a": {
        "name": "a", "image": "i", "cpus": 4, "enabled": true, "zone": "zone-a", "arn": "arn"
    }}}}));
    let reader = world.reader().await;
    let old = ReadRequest {
        attributes: stored_object(
            json!({"id": "srv-a", "name": "a", "image": "i", "cpu_count": "4",
            "legacy": true, "enabled": true, "zone": "zone-a", "arn": "arn"}),
        ),
        ..stored(world.kind, "srv-a")
    };
    let refreshed = reader.refresh(&world.cx(), old).await.unwrap();
    assert_eq!(refreshed.prior.attribute("cpus"), Some(&4.into()));
    let current = refreshed.current.unwrap();
    assert_eq!(current.attribute("cpus"), Some(&4.into()));
    assert_eq!(refreshed.prior.attribute("legacy"), None);

    let newer = ReadRequest {
        schema_version: 2,
        ..stored(world.kind, "srv-a")
    };
    let error = reader.refresh(&world.cx(), newer).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    world.pool.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_says_what_apply_would_do_and_whether_it_replaces() {
    for (kind, attribute) in [(FIVE, "name"), (SIX, "name")] {
        let world = World::new(kind, 1);
        let reader = world.reader().await;
        let refreshed = world.read(&reader, "n0").await.unwrap();
        let current = refreshed.current.unwrap();
        let computed = &reader.resource_schema(kind.type_name).unwrap().block;
        let configured = |wanted: &str| {
            let mut object = current.as_map().unwrap().clone();
            object.insert(attribute.to_owned(), wanted.into());
            let proposed = Value::Map(object.clone());
            for (name, a) in &computed.attributes {
                if a.computed && !a.optional {
                    object.insert(name.clone(), Value::Null);
                }
            }
            PlanRequest {
                type_name: kind.type_name.to_owned(),
                prior: current.clone(),
                configuration: Value::Map(object),
                proposed,
                private: refreshed.private.clone(),
                identity: refreshed.identity.clone(),
            }
        };
        let planned = reader.plan(&world.cx(), configured("n0")).await.unwrap();
        assert_eq!(planned.planned, current);
        assert!(planned.requires_replace.is_empty());
        let planned = reader.plan(&world.cx(), configured("other")).await.unwrap();
        assert_eq!(planned.planned.attribute(attribute), Some(&"other".into()));
        let path = Path::attribute_of_root(attribute);
        assert!(planned.requires_replace.contains(&path), "{kind:?}");
        world.pool.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn identities_come_back_and_import_finds_by_them() {
    for (kind, key) in [(FIVE, "name"), (SIX, "id")] {
        let world = World::new(kind, 1);
        let reader = world.reader().await;
        let refreshed = world.read(&reader, "n0").await.unwrap();
        let identity = refreshed.identity.expect("an identity");
        assert_eq!(identity.attribute(key), Some(&"n0".into()), "{kind:?}");

        for target in [
            ImportTarget::Id("n0".to_owned()),
            ImportTarget::Identity(identity.clone()),
        ] {
            let imported = reader
                .import(&world.cx(), kind.type_name, target)
                .await
                .unwrap();
            assert_eq!(imported[0].type_name, kind.type_name);
            let id = imported[0].object.attribute("id");
            assert_eq!(id, Some(&"n0".into()), "{kind:?}");
        }
        // Stored identities are sent along.
        let json = json!({key: "n0", "region": "north"});
        let with_identity = ReadRequest {
            identity: Some((0, raw(json))),
            ..stored(kind, "n0")
        };
        let again = reader.refresh(&world.cx(), with_identity).await.unwrap();
        assert!(again.current.is_some() && again.identity.is_some());
        world.pool.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_what_the_cloud_has() {
    let world = World::new(SIX, 30);
    let reader = world.reader().await;
    let request = |configuration: Value, limit| ListRequest {
        type_name: SIX.type_name.to_owned(),
        configuration,
        include_object: true,
        limit,
    };
    let list = async |request| {
        let stream = reader.list(&world.cx(), request).await.unwrap();
        stream.map(Result::unwrap).collect::<Vec<_>>().await
    };
    let all = list(request(Value::Null, None)).await;
    assert_eq!(all.len(), 30);
    for listed in &all {
        let object = listed.object.as_ref().unwrap();
        assert_eq!(object.attribute("id"), listed.identity.attribute("id"));
    }
    let filter: Value = [("name_prefix", "n1")].into_iter().collect();
    assert_eq!(list(request(filter, None)).await.len(), 11);
    assert_eq!(list(request(Value::Null, Some(5))).await.len(), 5);

    let five = World::new(FIVE, 0);
    let reader = five.reader().await;
    let unlisted = ListRequest {
        type_name: FIVE.type_name.to_owned(),
        ..request(Value::Null, None)
    };
    let error = reader.list(&five.cx(), unlisted).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    world.pool.shutdown().await;
    five.pool.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exact_numbers_and_dynamic_values_survive() {
    let kind = Kind {
        type_name: "cloudsix_widget",
        ..SIX
    };
    let world = World::new(kind, 0);
    let widget = r#"{"id": "w", "name": "w", "region": "north", "etag": "e", "enabled": true,
        "exact": 123456789012345678901234567890.5, "ratio": 0.1, "size": 9007199254740993}"#;
    world.write(json!({"objects": {"cloudsix_widget": {
        "w": serde_json::from_str::<serde_json::Value>(widget).unwrap()
    }}}));
    let reader = world.reader().await;
    let attributes = widget.parse().unwrap();
    let request = ReadRequest {
        schema_version: 1,
        attributes: RawAttributes::Json(attributes),
        ..stored(kind, "w")
    };
    let refreshed = reader.refresh(&world.cx(), request).await.unwrap();
    let current = refreshed.current.unwrap();
    for object in [&refreshed.prior, &current] {
        for (name, number) in [
            ("exact", "123456789012345678901234567890.5"),
            ("ratio", "0.1"),
            ("size", "9007199254740993"),
        ] {
            let want = Value::Number(number.parse().unwrap());
            assert_eq!(object.attribute(name), Some(&want), "{name}");
        }
    }
    world.pool.shutdown().await;
}

/// Everything that a provider in Terraform's registry does, and not only ours.
#[tokio::test(flavor = "multi_thread")]
async fn the_time_provider() {
    let pool = ProviderPool::new(PoolOptions::default());
    let cx = Context::from_process();
    let how = LaunchHow::Binary(provider("hashicorp/time"));
    let mut launch = PluginLaunch::new("hashicorp/time".parse().unwrap(), how.clone(), "1.15.5");
    launch.version = Some("0.14.2".to_owned());
    let reader = pool.reader(&cx, &launch, &Value::Null).await.unwrap();
    let LaunchHow::Binary(path) = how else {
        unreachable!()
    };
    assert_eq!(reader.info().origin, Origin::Plugin { path });
    let schema = reader.resource_schema("time_rotating").unwrap();
    let years = schema.block.attributes["rotation_years"]
        .attribute_type
        .implied_type();
    assert_eq!(years, Type::Number);

    let rotating = |years: i64, rfc: &str| ReadRequest {
        type_name: "time_rotating".to_owned(),
        attributes: stored_object(
            json!({"id": "2020-01-01T00:00:00Z", "rfc3339": "2020-01-01T00:00:00Z",
            "rotation_years": years, "rotation_rfc3339": rfc, "year": 2020, "month": 1, "day": 1,
            "hour": 0, "minute": 0, "second": 0, "unix": 1_577_836_800, "triggers": null,
            "rotation_days": null, "rotation_hours": null, "rotation_minutes": null, "rotation_months": null}),
        ),
        ..stored(FIVE, "x")
    };
    let running = rotating(100, "2120-01-01T00:00:00Z");
    let same = reader.refresh(&cx, running).await.unwrap();
    assert_eq!(same.current.as_ref(), Some(&same.prior));
    let due = rotating(1, "2021-01-01T00:00:00Z");
    assert!(reader.refresh(&cx, due).await.unwrap().current.is_none());
    pool.shutdown().await;
}

/// The largest provider that can be had: 169 MB of binary, a schema of megabytes.
#[tokio::test(flavor = "multi_thread")]
async fn the_aws_provider() {
    let pool = ProviderPool::new(PoolOptions::default());
    let cx = Context::from_process();
    let how = LaunchHow::Binary(provider("hashicorp/aws"));
    let launch = PluginLaunch::new("hashicorp/aws".parse().unwrap(), how, "1.15.5");
    // Nobody listens there.
    let endpoints: Value = [("sqs", "http://127.0.0.1:9")].into_iter().collect();
    let settings = |region: &str| {
        Value::from_iter([
            ("region", region.into()),
            ("access_key", "testing".into()),
            ("secret_key", "planted-secret-key".into()),
            ("skip_credentials_validation", "true".into()),
            ("skip_requesting_account_id", true.into()),
            ("skip_metadata_api_check", "1".into()),
            ("max_retries", "1".into()),
            ("endpoints", Value::List(vec![endpoints.clone()])),
        ])
    };
    let reader = pool
        .reader(&cx, &launch, &settings("eu-central-1"))
        .await
        .unwrap();
    assert!(reader.schema().resources.len() > 500);
    let block = &reader.resource_schema("aws_instance").unwrap().block;
    assert!(block.blocks.contains_key("root_block_device"));

    let queue = ReadRequest {
        type_name: "aws_sqs_queue".to_owned(),
        attributes: stored_object(json!({"id": "http://127.0.0.1:9/1/q", "name": "q"})),
        ..stored(FIVE, "x")
    };
    let error = reader.refresh(&cx, queue).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(!error.to_string().contains("planted-secret-key"));

    let error = pool
        .reader(&cx, &launch, &settings("mars-north-1"))
        .await
        .err()
        .unwrap();
    assert!(error.message().contains("mars-north-1"), "{error}");
    assert!(!error.to_string().contains("planted-secret-key"));
    pool.shutdown().await;
}
