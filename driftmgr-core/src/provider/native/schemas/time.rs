//! `hashicorp/time`: points in time that live in the state alone. Facts from its documentation, version 0.14.

use super::{Flags, block, map, number, provider, text};
use crate::provider::schema::{Block, ProviderSchema};

pub(in crate::provider::native) fn time() -> ProviderSchema {
    let offsets = [
        "offset_days",
        "offset_hours",
        "offset_minutes",
        "offset_months",
        "offset_seconds",
        "offset_years",
    ];
    let rotations = [
        "rotation_days",
        "rotation_hours",
        "rotation_minutes",
        "rotation_months",
        "rotation_years",
    ];
    let optional = |name| (name, number().optional());
    provider([
        (
            "time_offset",
            moment(offsets.map(optional).into_iter().chain([
                ("base_rfc3339", text().optional().computed()),
                ("rfc3339", text().computed()),
            ])),
        ),
        (
            "time_rotating",
            moment(rotations.map(optional).into_iter().chain([
                ("rotation_rfc3339", text().optional().computed()),
                ("rfc3339", text().optional().computed()),
            ])),
        ),
        (
            "time_sleep",
            block([
                ("create_duration", text().optional()),
                ("destroy_duration", text().optional()),
                ("triggers", map().optional()),
                ("id", text().computed()),
            ]),
        ),
        (
            "time_static",
            moment([("rfc3339", text().optional().computed())]),
        ),
    ])
}

/// A point in time with its parts.
fn moment(attributes: impl IntoIterator<Item = (&'static str, Flags)>) -> Block {
    let parts = ["year", "month", "day", "hour", "minute", "second", "unix"]
        .map(|name| (name, number().computed()));
    let common = [("triggers", map().optional()), ("id", text().computed())];
    block(parts.into_iter().chain(common).chain(attributes))
}
