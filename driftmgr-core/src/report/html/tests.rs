use std::time::SystemTime;

use super::*;
use crate::report::testing::{HOSTILE, SECRET, full, hostile};

fn written(report: &DriftReport) -> String {
    page(report, &RenderOptions::new(SystemTime::UNIX_EPOCH)).unwrap()
}

/// The data of the page, as a browser reads it: up to the first end of the script element.
fn data_of(page: &str) -> Json {
    let (_, rest) = page.split_once("id=\"data\">").unwrap();
    let (data, _) = rest.split_once("</script").unwrap();
    serde_json::from_str(data).unwrap()
}

#[test]
fn the_page_holds_every_finding_and_no_secret() {
    let report = full();
    let page = written(&report);
    let data = data_of(&page);
    assert_eq!(
        data["findings"].as_array().unwrap().len(),
        report.findings.len()
    );
    assert_eq!(
        data["findings"][1]["hidden"],
        "cosmetic: the provider calls both the same"
    );
    assert_eq!(data["findings"][0]["declared"], "infra/web,1.tf:12");
    assert!(!page.contains(SECRET));
}

#[test]
fn no_text_of_the_report_is_markup() {
    let report = hostile();
    let page = written(&report);
    let clean = written(&full());
    for markup in ["<script", "</script", "<img", "<style", "<!--"] {
        let n = |page: &str| page.matches(markup).count();
        assert_eq!(n(&page), n(&clean), "{markup}");
    }
    let data = data_of(&page);
    let reason = data["findings"][0]["reasons"][0].as_str().unwrap();
    assert_eq!(reason, one_line(HOSTILE));
}

#[test]
fn the_page_loads_nothing_and_runs_only_its_own_script() {
    let page = written(&full());
    let (_, policy) = page
        .split_once("Content-Security-Policy\" content=\"")
        .unwrap();
    let (policy, _) = policy.split_once('"').unwrap();
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    for (tag, text) in [("style", STYLE), ("script", SCRIPT)] {
        assert!(
            policy.contains(&format!("{tag}-src '{}'", hash(text))),
            "{policy}"
        );
        assert!(page.contains(&format!("<{tag}>{text}</{tag}>")));
        // Their own text must not end them, and must not be taken for a place to fill in.
        assert!(!text.contains("</") && !text.contains("{{"), "{tag}");
    }
    for outside in ["http://", "https://", "src=", "@import", "url("] {
        let (frame, _) = page.split_once("id=\"data\">").unwrap();
        assert!(!frame.contains(outside), "{outside}");
        assert!(!SCRIPT.contains(outside), "{outside}");
    }
    for way in [
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "document.write",
        "eval",
        "fetch(",
    ] {
        assert!(!SCRIPT.contains(way), "{way}");
    }
}

#[test]
fn what_is_put_in_is_not_looked_at_again() {
    let values = [("a", "{{b}}".to_owned()), ("b", "x".to_owned())];
    assert_eq!(filled("{{a}}-{{b}}-{{c}}", &values), "{{b}}-x-");
}
