//! Providers that fail in every way: what could not be looked at is open for a reason that names the cause, the rest is judged.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use driftmgr_core::client::DriftOptions;
use driftmgr_core::event::{Event, Observer};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::lab::{BOTH, COUNT, FIVE, Kind, Lab, SIX};
use crate::support::options::showing_all;

fn options(read_timeout: Duration) -> DriftOptions {
    DriftOptions {
        read_timeout,
        ..showing_all()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_fault_all_is_in_sync_and_one_change_is_one_finding() {
    for kind in BOTH {
        let lab = Lab::new(kind);
        let look = lab.look().await;
        look.assert_in_sync();
        assert_eq!(look.report.summary.same, COUNT as u64);
        lab.mutate(7);
        let look = lab.look().await;
        assert_eq!(look.findings(), [kind.address(7)]);
        assert_eq!(look.report.summary.same, COUNT as u64 - 1);
        assert_eq!(look.report.verdict().exit_code(), 2);
    }
}

/// (fault, what the reason says)
const AT_READ: &[(&str, &[&str])] = &[
    ("denied", &["AccessDenied", "provider"]),
    ("throttled", &["ThrottlingException"]),
    ("panic", &["panic: fault on demand: panic in read"]),
    ("kill", &["ended unexpectedly", "signal: 9"]),
    ("exit:7", &["ended unexpectedly", "exit status: 7"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn one_of_twenty_fails_and_the_others_are_judged() {
    for kind in BOTH {
        for (fault, words) in AT_READ {
            let lab = Lab::new(kind);
            lab.fault(4, fault);
            let look = lab.look().await;
            look.assert_only_open(kind, &[4], words);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_drifts_beside_a_failure_is_found_and_decides() {
    for kind in BOTH {
        let lab = Lab::new(kind);
        lab.fault(4, "panic");
        lab.fault(5, "denied");
        lab.mutate(11);
        lab.delete([12]);
        let look = lab.look().await;
        let s = look.report.summary;
        assert_eq!(look.findings(), [kind.address(11), kind.address(12)]);
        assert_eq!(
            (s.drifted, s.deleted, s.unverifiable, s.same),
            (1, 1, 2, 16)
        );
        assert_eq!(look.report.verdict().exit_code(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_twenty_fail() {
    for kind in BOTH {
        for (fault, words) in AT_READ {
            let lab = Lab::new(kind);
            lab.fault_everywhere(fault);
            let look = lab.look().await;
            // A provider that crashes again and again is given up, which is a reason of its own.
            let crashes = look
                .open()
                .iter()
                .any(|(_, r)| r.contains("not started again"));
            look.assert_all_open(kind, if crashes { &["the provider"] } else { words });
            let (_, first) = &look.open()[0];
            let said = look
                .open()
                .iter()
                .any(|(_, r)| words.iter().all(|w| r.contains(w)));
            assert!(said, "{fault}: {first}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_that_does_not_come_again_costs_nothing() {
    for kind in BOTH {
        for fault in ["panic-once", "kill-once", "throttled-once"] {
            let lab = Lab::new(kind);
            lab.fault(5, &format!("{fault}:{}", lab.file("marker").display()));
            let look = lab.look().await;
            match fault {
                // Throttling is the provider's to retry; we ask once.
                "throttled-once" => look.assert_only_open(kind, &[5], &["Throttling"]),
                _ => {
                    look.assert_in_sync();
                    assert_eq!(lab.processes().len(), 2, "{fault}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_hangs_ends_at_its_limit() {
    for kind in BOTH {
        for fault in ["sleep:100", "retry:100"] {
            let lab = Lab::new(kind);
            lab.fault(3, fault);
            lab.mutate(4);
            let look = lab
                .look_with(lab.cx(), &options(Duration::from_secs(2)))
                .await;
            assert_eq!(look.findings(), [kind.address(4)]);
            let open = look.open();
            assert_eq!(open.len(), 1, "{open:?}");
            assert_eq!(open[0].0, kind.address(3));
            assert!(
                open[0].1.contains("did not answer within 2 seconds"),
                "{open:?}"
            );
            assert_eq!(look.report.verdict().exit_code(), 2);
            assert!(look.took < Duration::from_secs(15), "{:?}", look.took);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_hangs_for_all_ends_as_well() {
    let lab = Lab::new(FIVE);
    lab.fault_everywhere("sleep:100");
    let look = lab
        .look_with(lab.cx(), &options(Duration::from_secs(1)))
        .await;
    look.assert_all_open(FIVE, &["did not answer within 1 seconds"]);
    assert!(look.took < Duration::from_secs(20), "{:?}", look.took);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_megabytes_of_output_are_no_obstacle() {
    for kind in BOTH {
        let lab = Lab::new(kind);
        lab.fault(0, "print");
        lab.fault(1, "print");
        lab.look().await.assert_in_sync();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_fails_leaves_everything_open() {
    let starts: &[(&str, &[&str])] = &[
        ("crash", &["ended before its handshake", "crash at start"]),
        ("garbage", &["not a plugin handshake"]),
        ("binary-garbage", &["not a plugin handshake"]),
        ("endless-line", &["not a plugin handshake"]),
        ("wrong-protocol", &["provider protocol 4"]),
        ("wrong-core", &["version 2 of the plugin framework"]),
        ("net-rpc", &["net/rpc"]),
        ("no-certificate", &["does not encrypt"]),
    ];
    for kind in BOTH {
        for (fault, words) in starts {
            let lab = Lab::new(kind).env("DRIFTMGR_TEST_FAULT", fault);
            let look = lab.look().await;
            look.assert_all_open(kind, words);
            look.assert_all_open(kind, &[kind.provider]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_start_ends_at_the_deadline() {
    let lab = Lab::new(SIX).env("DRIFTMGR_TEST_FAULT", "silent");
    let cx = lab.cx().with_timeout(Duration::from_secs(1));
    let look = lab.look_with(cx, &showing_all()).await;
    look.assert_all_open(SIX, &["the time was over"]);
    assert!(look.took < Duration::from_secs(10), "{:?}", look.took);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_of_a_hundred_megabytes_is_read() {
    for kind in BOTH {
        // A cache of its own: it must not be taken for the schema of the others.
        let lab = Lab::new(kind);
        let cache = lab.file("cache").display().to_string();
        let lab = lab
            .env("DRIFTMGR_CACHE_DIR", &cache)
            .env("DRIFTMGR_TEST_FAULT", "big-schema");
        lab.mutate(2);
        assert_eq!(lab.look().await.findings(), [kind.address(2)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_the_provider_refuses() {
    for kind in BOTH {
        for (fault, word) in [
            ("configure/denied", "AccessDenied"),
            ("configure/panic", "panic in configure"),
            ("configure/kill", "signal: 9"),
        ] {
            let lab = Lab::new(kind);
            lab.fault_everywhere(fault);
            lab.look()
                .await
                .assert_all_open(kind, &[word, kind.provider]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cloud_that_is_down_is_no_deletion() {
    for kind in BOTH {
        let lab = Lab::new(kind);
        std::fs::remove_file(lab.file("cloud.json")).unwrap();
        lab.look()
            .await
            .assert_all_open(kind, &["ServiceUnavailable"]);
        lab.write("cloud.json", "{\"objects\": {");
        lab.look()
            .await
            .assert_all_open(kind, &["ServiceUnavailable"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_fails_leaves_the_finding_unclassified() {
    for kind in BOTH {
        let lab = Lab::new(kind);
        lab.mutate(6);
        lab.fault(6, "plan/denied");
        let look = lab.look().await;
        assert_eq!(look.findings(), [kind.address(6)]);
        let finding = &look.report.findings[0];
        assert_eq!(finding.class, driftmgr_core::drift::Class::Unclassified);
        let why = finding.reasons.join("; ");
        assert!(why.contains("AccessDenied"), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_that_is_not_the_locked_one_is_not_run() {
    for kind in BOTH {
        let lab = Lab::new(kind);
        let lock = lab.read(".terraform.lock.hcl");
        let wrong = lock
            .lines()
            .map(|line| match line.trim_start().get(..4) {
                Some("\"h1:") => format!("    \"h1:{}=\",", "A".repeat(43)),
                Some("\"zh:") => String::new(),
                _ => line.to_owned(),
            })
            .collect::<Vec<_>>()
            .join("\n");
        assert_ne!(lock, wrong);
        lab.write(".terraform.lock.hcl", &wrong);
        let look = lab.look().await;
        look.assert_all_open(kind, &[".terraform.lock.hcl"]);
        assert_eq!(lab.log().len(), 0, "the provider was run");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_binary_anywhere() {
    let lab = Lab::new(FIVE).env("TF_CLI_CONFIG_FILE", "");
    let look = lab.look().await;
    look.assert_all_open(FIVE, &["driftmgr/cloudfive"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn plugins_that_are_switched_off() {
    let lab = Lab::new(SIX);
    let options = DriftOptions {
        plugins: false,
        ..showing_all()
    };
    let look = lab.look_with(lab.cx(), &options).await;
    look.assert_all_open(SIX, &["switched off"]);
    assert_eq!(lab.log().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_without_a_value_makes_the_provider_unusable() {
    for kind in BOTH {
        let lab = Lab::new(kind);
        std::fs::remove_file(lab.file("terraform.tfvars")).unwrap();
        lab.look()
            .await
            .assert_all_open(kind, &["var.cloud", "main.tf"]);
        assert_eq!(lab.log().len(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_block_that_is_gone() {
    let lab = Lab::new(FIVE);
    lab.edit("terraform.tfstate", |state| {
        let provider = "provider[\"registry.terraform.io/driftmgr/cloudfive\"].west";
        state["resources"][0]["provider"] = provider.into();
    });
    let look = lab.look().await;
    look.assert_all_open(FIVE, &["there is no provider block with the alias `west`"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_misspelt_setting_in_the_provider_block_is_named() {
    for kind in BOTH {
        let lab = Lab::new(kind);
        let main = lab
            .read("main.tf")
            .replace("  fault = var.fault", "  clowd = var.fault");
        lab.write(
            "main.tf",
            &main.replace("default = null", "default = \"x\""),
        );
        lab.look().await.assert_all_open(kind, &["clowd"]);
    }
}

/// Cancels after so many instances were read.
struct Impatient {
    cancel: CancellationToken,
    left: AtomicUsize,
}

impl Observer for Impatient {
    fn on_event(&self, event: &Event) {
        if matches!(event, Event::InstanceRead { .. })
            && self.left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            self.cancel.cancel();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_in_the_middle() {
    for kind in BOTH {
        let lab = Lab::new(kind);
        for index in 5..COUNT {
            lab.fault(index, "sleep:30");
        }
        let cancel = CancellationToken::new();
        let observer = Impatient {
            cancel: cancel.clone(),
            left: AtomicUsize::new(5),
        };
        let cx = lab
            .cx()
            .with_cancellation(cancel)
            .with_observer(Arc::new(observer));
        let look = lab.look_with(cx, &showing_all()).await;
        let late: Vec<usize> = (5..COUNT).collect();
        look.assert_only_open(kind, &late, &["cancelled"]);
        assert!(look.took < Duration::from_secs(15), "{:?}", look.took);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelled_before_it_began() {
    let lab = Lab::new(SIX);
    let cancel = CancellationToken::new();
    cancel.cancel();
    let cx = lab.cx().with_cancellation(cancel);
    let look = lab.look_with(cx, &showing_all()).await;
    look.assert_all_open(SIX, &["cancelled"]);
    assert_eq!(lab.reads(), [0; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_in_the_middle() {
    for kind in BOTH {
        let lab = Lab::new(kind);
        lab.fault_everywhere("sleep:30");
        let cx = lab.cx().with_timeout(Duration::from_secs(2));
        let look = lab.look_with(cx, &showing_all()).await;
        look.assert_all_open(kind, &["the time was over"]);
        assert!(look.took < Duration::from_secs(15), "{:?}", look.took);
    }
}

fn keep(lab: &Lab, count: usize) {
    lab.edit("terraform.tfstate", |state| {
        let instances = state["resources"][0]["instances"].as_array_mut().unwrap();
        instances.truncate(count);
    });
}

async fn gone(kind: Kind, kept: usize, deleted: usize) -> (u64, u64, u8, String) {
    let lab = Lab::new(kind);
    keep(&lab, kept);
    lab.delete(0..deleted);
    let look = lab.look().await;
    let s = look.report.summary;
    let problems = look.report.problems.iter().map(ToString::to_string);
    let text = problems.collect::<Vec<_>>().join("\n");
    (
        s.deleted,
        s.unverifiable,
        look.report.verdict().exit_code(),
        text,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_gone_is_suspicious_and_no_drift() {
    for kind in BOTH {
        let (deleted, open, exit, problems) = gone(kind, COUNT, COUNT).await;
        assert_eq!((deleted, open, exit), (0, COUNT as u64, 3));
        assert!(problems.contains("wrong account or region?"), "{problems}");
        assert_eq!(gone(kind, 3, 2).await, (2, 0, 2, String::new()));
        assert_eq!(gone(kind, 2, 2).await, (2, 0, 2, String::new()));
        assert_eq!(gone(kind, 3, 3).await.1, 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn gone_or_denied_is_suspicious_all_the_same() {
    // What cannot be read does not prove that the region is right.
    let lab = Lab::new(SIX);
    lab.delete(1..COUNT);
    lab.fault(0, "denied");
    let look = lab.look().await;
    look.assert_all_open(SIX, &[]);
    let reasons = look.open();
    assert!(reasons[0].1.contains("AccessDenied"), "{reasons:?}");
    assert!(reasons[1].1.contains("suspicious"), "{reasons:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_that_the_provider_no_longer_has() {
    let lab = Lab::new(FIVE);
    lab.edit("terraform.tfstate", |state| {
        state["resources"][0]["type"] = json!("cloudfive_gone");
    });
    let look = lab.look().await;
    assert_eq!(look.open().len(), COUNT);
    let reason = &look.open()[0].1;
    assert!(reason.contains("cloudfive_gone"), "{reason}");
    assert_eq!(look.report.verdict().exit_code(), 3);
}
