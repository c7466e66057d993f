//! Plans.

use std::sync::Arc;

use serde_json::Value as Json;

use super::refused::{line, refused};
use super::survey::{client, sound, wait};
use crate::client::DriftOptions;
use crate::drift::Plan;
use crate::report::json;

/// A plan: the same in UTF-16, and what it tells makes a sound report. With a log line before it, it is refused with the line.
pub fn plan(bytes: &[u8]) {
    let read = match Plan::parse(bytes) {
        Ok(read) => read,
        Err(error) => {
            refused(&error);
            assert!(!error.hints().is_empty(), "{error}");
            if let Ok(text) = std::str::from_utf8(bytes) {
                line(&error, text);
            }
            return;
        }
    };
    let report = report_of(read);
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for unit in [u16::to_le_bytes, u16::to_be_bytes] {
        let mark = std::iter::once('\u{feff}');
        let wide: Vec<u8> = mark
            .chain(text.chars())
            .flat_map(|c| c.encode_utf16(&mut [0; 2]).to_vec())
            .flat_map(unit)
            .collect();
        let wide = Plan::parse(&wide).expect("the same plan in UTF-16");
        assert_eq!(report_of(wide), report);
    }
    let logged = format!("Refreshing state...\n{text}");
    let error = Plan::parse(logged.as_bytes()).expect_err("a log line is no plan");
    refused(&error);
}

/// The plan's report, without anything beside it.
fn report_of(plan: Plan) -> Json {
    let options = DriftOptions::default();
    let plan = Arc::new(plan);
    let report = client().drift_of_plan("plan.json", &plan, &options);
    let report = wait(report).expect("no address in the options");
    sound(&report);
    json::drift(&report)
}
