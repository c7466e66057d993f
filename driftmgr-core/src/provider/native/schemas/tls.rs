//! `hashicorp/tls`: keys and certificates that live in the state alone. Facts from its documentation, version 4.2.

use super::{Flags, block, boolean, number, text, texts, versioned};
use crate::provider::schema::{Block, NestedBlock, Nesting, ProviderSchema};

pub(in crate::provider::native) fn tls() -> ProviderSchema {
    let names = || ["dns_names", "ip_addresses", "uris"].map(|name| (name, texts().optional()));
    let key = || ("private_key_pem", text().required().secret());
    versioned([
        (
            "tls_cert_request",
            0,
            with_subject(block(names().into_iter().chain([
                key(),
                ("key_algorithm", text().computed()),
                ("cert_request_pem", text().computed()),
                ("id", text().computed()),
            ]))),
        ),
        (
            "tls_locally_signed_cert",
            0,
            certificate([
                ("ca_cert_pem", text().required()),
                ("ca_private_key_pem", text().required().secret()),
                ("cert_request_pem", text().required()),
                ("ca_key_algorithm", text().computed()),
            ]),
        ),
        (
            "tls_private_key",
            1,
            block([
                ("algorithm", text().required()),
                ("rsa_bits", number().optional().computed()),
                ("ecdsa_curve", text().optional().computed()),
                ("private_key_pem", text().computed().secret()),
                ("private_key_openssh", text().computed().secret()),
                ("private_key_pem_pkcs8", text().computed().secret()),
                ("public_key_pem", text().computed()),
                ("public_key_openssh", text().computed()),
                ("public_key_fingerprint_md5", text().computed()),
                ("public_key_fingerprint_sha256", text().computed()),
                ("id", text().computed()),
            ]),
        ),
        (
            "tls_self_signed_cert",
            0,
            with_subject(certificate(names().into_iter().chain([
                key(),
                ("set_authority_key_id", boolean().optional().computed()),
                ("key_algorithm", text().computed()),
            ]))),
        ),
    ])
}

/// What both kinds of certificates have in common.
fn certificate(attributes: impl IntoIterator<Item = (&'static str, Flags)>) -> Block {
    let common = [
        ("validity_period_hours", number().required()),
        ("allowed_uses", texts().required()),
        ("early_renewal_hours", number().optional().computed()),
        ("is_ca_certificate", boolean().optional().computed()),
        ("max_path_length", number().optional().computed()),
        ("set_subject_key_id", boolean().optional().computed()),
        ("cert_pem", text().computed()),
        ("ready_for_renewal", boolean().computed()),
        ("validity_start_time", text().computed()),
        ("validity_end_time", text().computed()),
        ("id", text().computed()),
    ];
    block(common.into_iter().chain(attributes))
}

fn with_subject(mut of: Block) -> Block {
    let names = [
        "common_name",
        "country",
        "email_address",
        "locality",
        "organization",
        "organizational_unit",
        "postal_code",
        "province",
        "serial_number",
    ];
    let attributes = names.map(|name| (name, text().optional()));
    let street = ("street_address", texts().optional());
    let subject = NestedBlock {
        nesting: Nesting::List,
        block: block(attributes.into_iter().chain([street])),
    };
    of.blocks.insert("subject".to_owned(), subject);
    of
}
