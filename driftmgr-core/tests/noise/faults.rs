//! What was not seen is neither clean nor deleted.

use driftmgr_core::drift::Sensitivity;
use serde_json::Value;

use super::lab::Lab;

/// Class 20 on objects, then class 19, then nobody at home.
pub(super) fn nothing_that_was_not_seen_is_clean_or_deleted(clouds: Lab, aws: Lab) {
    let all = total(&clouds.ask(Sensitivity::Medium, &[]));
    for fault in ["denied", "throttled", "exit:4"] {
        clouds.terraform.edit("cloud.json", |cloud| {
            for objects in cloud["objects"].as_object_mut().unwrap().values_mut() {
                for object in objects.as_object_mut().unwrap().values_mut() {
                    object["fault"] = fault.into();
                }
            }
        });
        let report = clouds.ask(Sensitivity::Low, &[]);
        // What was deleted before has no fault that could strike.
        let seen = report["summary"]["checked"].as_u64().unwrap();
        assert_eq!(report["summary"]["same"], 0, "{fault}");
        assert_eq!(report["summary"]["hidden"], 0, "{fault}");
        assert_eq!(
            report["summary"]["deleted"], seen,
            "{fault}: {}",
            report["summary"]
        );
        assert_eq!(
            report["summary"]["unverifiable"].as_u64().unwrap() + seen,
            all,
            "{fault}"
        );
    }

    let all = total(&aws.ask(Sensitivity::Medium, &[]));
    let elsewhere = aws.ask(Sensitivity::Medium, &[("region", "us-east-1")]);
    assert!(
        elsewhere["problems"]
            .to_string()
            .contains("wrong account or region?"),
        "{}",
        elsewhere["problems"]
    );
    // Only what has no region can be seen from there.
    let global = ["aws_iam_", "aws_s3_", "aws_route53_"];
    for finding in elsewhere["resource_drift"].as_array().unwrap() {
        let kind = finding["type"].as_str().unwrap();
        assert!(
            global.iter().any(|prefix| kind.starts_with(prefix)),
            "{}",
            finding["address"]
        );
    }

    let down = aws.without_cloud().ask(Sensitivity::Medium, &[]);
    assert_eq!(down["summary"]["checked"], 0, "{}", down["summary"]);
    assert_eq!(down["summary"]["unverifiable"], all, "{}", down["summary"]);
}

/// Every managed object of the states.
fn total(report: &Value) -> u64 {
    let summary = &report["summary"];
    summary["checked"].as_u64().unwrap() + summary["unverifiable"].as_u64().unwrap()
}
