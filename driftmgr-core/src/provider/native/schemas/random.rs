//! `hashicorp/random`: values that were drawn once and live in the state alone. Facts from its documentation, version 3.9.

use super::{Flags, block, boolean, map, number, text, texts, versioned};
use crate::provider::schema::{Block, ProviderSchema};

pub(in crate::provider::native) fn random() -> ProviderSchema {
    let uuid = || with_keepers([("result", text().computed())]);
    versioned([
        (
            "random_bytes",
            0,
            block([
                ("keepers", map().optional()),
                ("length", number().required()),
                ("base64", text().computed().secret()),
                ("hex", text().computed().secret()),
            ]),
        ),
        (
            "random_id",
            0,
            with_keepers([
                ("byte_length", number().required()),
                ("prefix", text().optional()),
                ("b64_url", text().computed()),
                ("b64_std", text().computed()),
                ("hex", text().computed()),
                ("dec", text().computed()),
            ]),
        ),
        (
            "random_integer",
            0,
            with_keepers([
                ("min", number().required()),
                ("max", number().required()),
                ("seed", text().optional()),
                ("result", number().computed()),
            ]),
        ),
        (
            "random_password",
            3,
            characters([
                ("result", text().computed().secret()),
                ("bcrypt_hash", text().computed().secret()),
            ]),
        ),
        (
            "random_pet",
            0,
            with_keepers([
                ("length", number().optional().computed()),
                ("prefix", text().optional()),
                ("separator", text().optional().computed()),
            ]),
        ),
        (
            "random_shuffle",
            0,
            with_keepers([
                ("seed", text().optional()),
                ("input", texts().required()),
                ("result_count", number().optional()),
                ("result", texts().computed()),
            ]),
        ),
        (
            "random_string",
            2,
            characters([("result", text().computed())]),
        ),
        ("random_uuid", 0, uuid()),
        ("random_uuid4", 0, uuid()),
        ("random_uuid7", 0, uuid()),
    ])
}

fn with_keepers(attributes: impl IntoIterator<Item = (&'static str, Flags)>) -> Block {
    let common = [("keepers", map().optional()), ("id", text().computed())];
    block(common.into_iter().chain(attributes))
}

/// What a password and a string have in common.
fn characters(attributes: impl IntoIterator<Item = (&'static str, Flags)>) -> Block {
    let flags = ["special", "upper", "lower", "number", "numeric"]
        .map(|name| (name, boolean().optional().computed()));
    let least = ["min_numeric", "min_upper", "min_lower", "min_special"]
        .map(|name| (name, number().optional().computed()));
    let others = [
        ("length", number().required()),
        ("override_special", text().optional()),
    ];
    with_keepers(
        flags
            .into_iter()
            .chain(least)
            .chain(others)
            .chain(attributes),
    )
}
