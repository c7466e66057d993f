//! Options as languages give them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::backend::layers::{BackendOptions, CacheKey, Layers};
use crate::error::ErrorKind;

fn read(text: Value) -> Result<BackendOptions, String> {
    serde_json::from_value(text).map_err(|e| e.to_string())
}

#[test]
fn plain_values_are_options_and_what_is_left_out_has_its_default() {
    assert_eq!(read(json!({})).unwrap(), BackendOptions::default());
    let options = read(json!({
        "read_only": true,
        "retry": {"max": 5, "wait_min": 0.25},
        "rate_limit": {"per_second": 20},
        "circuit_breaker": {},
        "cache": {"ttl": 1.5, "disk": {"folder": "states", "key": "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="}},
    }))
    .unwrap();
    let retry = options.retry.as_ref().unwrap();
    assert_eq!((retry.max, retry.wait_min), (5, Duration::from_millis(250)));
    assert_eq!(retry.wait_max, Duration::from_secs(30));
    assert_eq!(options.rate_limit.as_ref().unwrap().burst, 1);
    assert_eq!(options.circuit_breaker.as_ref().unwrap().failures, 5);
    let cache = options.cache.as_ref().unwrap();
    assert_eq!(
        (cache.ttl, cache.memory),
        (Duration::from_millis(1500), 64 << 20)
    );
    let disk = cache.disk.as_ref().unwrap();
    assert_eq!(
        (disk.max_bytes, disk.key.clone()),
        (1 << 30, Some(CacheKey::new([1; 32])))
    );
    // But for the key, which nothing writes.
    let written = serde_json::to_value(&options).unwrap();
    assert!(!written.to_string().contains("AQEB"));
    let mut again = read(written).unwrap();
    again.cache.as_mut().unwrap().disk.as_mut().unwrap().key = disk.key.clone();
    assert_eq!(again, options);
}

#[test]
fn what_is_wrong_is_named_and_a_key_is_not_shown() {
    for (text, part) in [
        (json!({"readonly": true}), "readonly"),
        (json!({"cache": {"ttl": -1}}), "negative"),
        (json!({"rate_limit": {"burst": 2}}), "per_second"),
        (
            json!({"cache": {"disk": {"folder": "x", "key": "hunter2"}}}),
            "32 bytes",
        ),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.contains(part) && !error.contains("hunter"), "{error}");
    }
    for (text, option) in [
        (
            json!({"rate_limit": {"per_second": 0}}),
            "rate_limit.per_second",
        ),
        (
            json!({"rate_limit": {"per_second": 1e-9}}),
            "rate_limit.per_second",
        ),
        (
            json!({"rate_limit": {"per_second": 1, "burst": 0}}),
            "rate_limit.burst",
        ),
        (
            json!({"circuit_breaker": {"failures": 0}}),
            "circuit_breaker.failures",
        ),
        (json!({"retry": {"wait_min": 60}}), "retry.wait_min"),
    ] {
        let error = Layers::new(read(text).unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.message().contains(option), "{error}");
    }
    let key = CacheKey::new(*b"hunter2 hunter2 hunter2 hunter2 ");
    assert!(!format!("{key:?}").contains("hunter"));
}
