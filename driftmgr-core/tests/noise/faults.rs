//! What was not seen is neither clean nor deleted.

use driftmgr_core::drift::Sensitivity;
use serde_json::Value;

use super::lab::Lab;

/// A run in which the cloud could not be seen as it is.
pub(super) struct Blind {
    pub(super) fault: &'static str,
    pub(super) report: Value,
}

impl Blind {
    pub(super) fn count(&self, name: &str) -> u64 {
        self.report["summary"][name].as_u64().unwrap()
    }

    /// The report says that it may have looked in the wrong place.
    pub(super) fn suspects(&self) -> bool {
        let problems = self.report["problems"].to_string();
        problems.contains("wrong account or region?")
    }
}

/// Class 20 on objects, then class 19, then nobody at home. Each is judged here.
pub(super) fn runs(clouds: Lab, aws: Lab) -> Vec<Blind> {
    let mut runs = Vec::new();
    // How many of the deleted objects are seen before a process ends is chance, so that this one has no row.
    let chance = "exit:4";
    let all = total(&clouds.ask(Sensitivity::Medium, &[]));
    for (name, fault) in [
        ("every call is denied", "denied"),
        ("every call is throttled", "throttled"),
        ("the provider's process ends at each call", chance),
    ] {
        clouds.terraform.edit("cloud.json", |cloud| {
            for objects in cloud["objects"].as_object_mut().unwrap().values_mut() {
                for object in objects.as_object_mut().unwrap().values_mut() {
                    object["fault"] = fault.into();
                }
            }
        });
        let run = Blind {
            fault: name,
            report: clouds.ask(Sensitivity::Low, &[]),
        };
        // What was deleted before has no fault that could strike.
        let seen = run.count("checked");
        assert_eq!(run.count("same"), 0, "{name}");
        assert_eq!(run.count("hidden"), 0, "{name}");
        assert_eq!(run.count("deleted"), seen, "{name}");
        assert_eq!(run.count("unverifiable") + seen, all, "{name}");
        if fault != chance {
            runs.push(run);
        }
    }

    let all = total(&aws.ask(Sensitivity::Medium, &[]));
    let region = [("region".to_owned(), "us-east-1".to_owned())];
    let elsewhere = Blind {
        fault: "another region",
        report: aws.ask(Sensitivity::Medium, &region),
    };
    assert!(elsewhere.suspects(), "{}", elsewhere.report["problems"]);
    // Only what has no region can be seen from there.
    let global = ["aws_iam_", "aws_s3_", "aws_route53_"];
    assert_eq!(found_but_not(&elsewhere.report, &global), [""; 0]);
    runs.push(elsewhere);

    let stranger = Blind {
        fault: "another account",
        report: aws.ask(Sensitivity::Medium, &aws.another_account()),
    };
    assert!(stranger.suspects(), "{}", stranger.report["problems"]);
    // Only what every account may see.
    assert_eq!(found_but_not(&stranger.report, &["aws_s3_"]), [""; 0]);
    runs.push(stranger);

    let down = Blind {
        fault: "no server answers",
        report: aws.without_cloud().ask(Sensitivity::Medium, &[]),
    };
    assert_eq!(down.count("checked"), 0);
    assert_eq!(down.count("unverifiable"), all);
    runs.push(down);
    runs
}

/// The addresses of findings whose type begins with none of these.
fn found_but_not<'a>(report: &'a Value, prefixes: &[&str]) -> Vec<&'a str> {
    let findings = report["resource_drift"].as_array().unwrap().iter();
    let others = findings.filter(|finding| {
        let kind = finding["type"].as_str().unwrap();
        !prefixes.iter().any(|prefix| kind.starts_with(prefix))
    });
    others
        .map(|finding| finding["address"].as_str().unwrap())
        .collect()
}

/// Every managed object of the states.
fn total(report: &Value) -> u64 {
    let summary = &report["summary"];
    summary["checked"].as_u64().unwrap() + summary["unverifiable"].as_u64().unwrap()
}
