//! Methods.

use super::super::build::problem_at;
use super::super::syntax::{Block, Expression};
use super::declared::{Declared, address};
use super::{Resolver, at, unsupported};
use crate::error::{Error, Result};
use crate::state::encryption::{AesGcm, Encryption, Method};
use crate::value::Value;

impl Resolver<'_> {
    /// The first method has to be usable; what is wrong with a fallback is told when it is tried.
    pub(super) fn encryption(&self, methods: Vec<Declared<'_>>) -> Result<Encryption> {
        let mut methods = methods.into_iter();
        let Some(primary) = methods.next() else {
            // There is one for each target, and the `state` block is a target.
            return Ok(Encryption::new("method", Method::Unencrypted));
        };
        let method = self.method(&primary)?;
        let encryption = Encryption::new(address(primary.block), method);
        Ok(methods.fold(encryption, |encryption, fallback| {
            let method = self.method(&fallback);
            encryption.with_fallback(address(fallback.block), method)
        }))
    }

    fn method(&self, declared: &Declared<'_>) -> Result<Method> {
        match declared.kind {
            "unencrypted" => Ok(Method::Unencrypted),
            "aes_gcm" => self.aes_gcm(declared.block).map(Method::AesGcm),
            other => Err(unsupported(
                &declared.block.location,
                format!(
                    "encryption methods of the type `{other}` are not supported; `aes_gcm` and `unencrypted` are"
                ),
            )),
        }
    }

    fn aes_gcm(&self, block: &Block) -> Result<AesGcm> {
        known_arguments(block, &["keys", "aad"])?;
        let Some(keys) = block.body.attribute("keys") else {
            let message = format!("`{}` has no `keys`", address(block));
            return Err(problem_at(&block.location, message)
                .with_hint("write keys = key_provider.TYPE.NAME"));
        };
        let source = self.keys("keys", keys, &mut Vec::new())?;
        let aad = match block.body.attribute("aad") {
            None => Vec::new(),
            Some(aad) => match self.value("aad", aad)? {
                Value::Null => Vec::new(),
                value => bytes(&value).ok_or_else(|| no_bytes("aad", aad))?,
            },
        };
        AesGcm::new(source, aad).map_err(|e| {
            let hint = "set `key_length` of its key provider to 16, 24 or 32";
            at(e, &keys.location(), hint)
        })
    }
}

/// A list of numbers from 0 to 255.
pub(super) fn bytes(value: &Value) -> Option<Vec<u8>> {
    let byte = |element: &Value| match element {
        Value::Number(number) => u8::try_from(number.as_u64()?).ok(),
        _ => None,
    };
    value.as_elements()?.iter().map(byte).collect()
}

pub(super) fn no_bytes(argument: &str, expression: &Expression) -> Error {
    let message = format!("`{argument}` is not a list of bytes, numbers from 0 to 255");
    problem_at(&expression.location(), message)
        .with_hint("to have a text, take a key provider: `pbkdf2` has `passphrase`")
}

/// Refuses arguments and blocks that the type does not have.
pub(super) fn known_arguments(block: &Block, known: &[&str]) -> Result<()> {
    let attributes = &block.body.attributes;
    let unknown = attributes
        .iter()
        .find(|a| !known.contains(&a.name.as_str()));
    let unknown = unknown.map(|a| (a.name.as_str(), a.value.location()));
    let nested = block.body.blocks.first();
    let nested = nested.map(|b| (b.block_type.as_str(), b.location.clone()));
    match unknown.or(nested) {
        Some((name, place)) => {
            let message = format!("`{}` has no `{name}`", address(block));
            let hint = format!("it has `{}`", known.join("`, `"));
            Err(problem_at(&place, message).with_hint(hint))
        }
        None => Ok(()),
    }
}
