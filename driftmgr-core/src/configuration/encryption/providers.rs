//! Key providers.

use std::sync::Arc;

use super::super::build::problem_at;
use super::super::syntax::{Block, Expression};
use super::declared::{address, alias, reference, referenced};
use super::merge::ALIAS;
use super::methods::{bytes, known_arguments, no_bytes};
use super::{Resolver, at, unsupported};
use crate::error::{Error, Result};
use crate::state::encryption::{
    HashFunction, Key, KeyProvider, KeySource, Passphrase, Pbkdf2, Provider, StaticKey,
};
use crate::value::Value;

/// The key providers on the way from a method, each by address and metadata key.
pub(super) type Chain = Vec<(String, String)>;

impl Resolver<'_> {
    /// What an argument gives as keys: a key provider, or an object with the keys themselves.
    pub(super) fn keys(
        &self,
        argument: &str,
        expression: &Expression,
        chain: &mut Chain,
    ) -> Result<KeySource> {
        if let Some(named) = referenced(expression, "key_provider") {
            return self.provider(&named, expression, chain);
        }
        let value = self.value(argument, expression)?;
        if let Some(named) = value.as_str().and_then(|t| reference(t, "key_provider")) {
            return self.provider(&named, expression, chain);
        }
        let key = |name: &'static str| match value.attribute(name) {
            None | Some(Value::Null) => Ok(None),
            Some(given) => match bytes(given) {
                Some(bytes) => Ok(Some(Key::new(bytes))),
                None => Err(no_bytes(name, expression)),
            },
        };
        match (key("encryption_key")?, key("decryption_key")?) {
            (Some(encryption), decryption) => Ok(KeySource::Given {
                encryption,
                decryption,
            }),
            (None, _) => {
                let message = format!("`{argument}` is no key provider");
                Err(problem_at(&expression.location(), message).with_hint(
                    "write key_provider.TYPE.NAME, or an object with `encryption_key` and `decryption_key`, lists of bytes",
                ))
            }
        }
    }

    fn provider(
        &self,
        named: &[String; 2],
        expression: &Expression,
        chain: &mut Chain,
    ) -> Result<KeySource> {
        let mut blocks = self.body.blocks_of("key_provider");
        let Some(block) = blocks.find(|b| b.labels == *named) else {
            let message = "a key provider that is not declared in the encryption configuration";
            return Err(problem_at(&expression.location(), message)
                .with_hint("declare it as key_provider \"TYPE\" \"NAME\" { … }"));
        };
        let address = address(block);
        let metadata_key = alias(block)?.unwrap_or_else(|| address.clone());
        if chain.iter().any(|(earlier, _)| *earlier == address) {
            let message = format!("`{address}` is chained to itself");
            return Err(problem_at(&expression.location(), message)
                .with_hint("a chain ends in a key provider that is chained to none"));
        }
        if chain.iter().any(|(_, key)| *key == metadata_key) {
            let message =
                format!("two key providers of one method store their metadata as `{metadata_key}`");
            return Err(problem_at(&block.location, message)
                .with_hint(format!("give one of them another `{ALIAS}`")));
        }
        chain.push((address.clone(), metadata_key.clone()));
        let chained = match block.body.attribute("chain") {
            Some(expression) if named.first().is_some_and(|t| t == "pbkdf2") => {
                Some(Box::new(self.keys("chain", expression, chain)?))
            }
            _ => None,
        };
        let keys: Arc<dyn KeyProvider> = match named {
            [kind, _] if kind == "pbkdf2" => Arc::new(self.pbkdf2(block, chained.is_some())?),
            [kind, _] if kind == "static" => Arc::new(self.static_key(block)?),
            [kind, _] => {
                let message = format!(
                    "key providers of the type `{kind}` are not supported; `pbkdf2` and `static` are"
                );
                return Err(unsupported(&block.location, message));
            }
        };
        Ok(KeySource::Provider(Provider {
            address,
            metadata_key,
            chain: chained,
            keys,
        }))
    }

    fn pbkdf2(&self, block: &Block, is_chained: bool) -> Result<Pbkdf2> {
        known_arguments(
            block,
            &[
                "passphrase",
                "chain",
                "key_length",
                "iterations",
                "salt_length",
                "hash_function",
                ALIAS,
            ],
        )?;
        let wrong = |error| {
            let hint = "OpenTofu's documentation of state encryption lists what `pbkdf2` takes";
            at(error, &block.location, hint)
        };
        let text = self.text(block, "passphrase")?.filter(|t| !t.is_empty());
        let passphrase = match (text, is_chained) {
            (Some(text), false) => Pbkdf2::passphrase(&text),
            (None, true) => Passphrase::Chained,
            (given, _) => {
                let both = if given.is_some() { "both" } else { "neither" };
                let message = format!("`{}` has {both} `passphrase` and `chain`", address(block));
                return Err(problem_at(&block.location, message).with_hint(
                    "give one of them; a passphrase from a variable must not be empty",
                ));
            }
        };
        let mut keys = Pbkdf2::new(passphrase).map_err(wrong)?;
        if let Some(name) = self.text(block, "hash_function")? {
            let hash_function = match name.as_str() {
                "sha256" => HashFunction::Sha256,
                "sha512" => HashFunction::Sha512,
                _ => return Err(self.expected(block, "hash_function", "`sha256` or `sha512`")),
            };
            keys = keys.with_hash_function(hash_function).map_err(wrong)?;
        }
        if let Some(bytes) = self.count(block, "key_length")? {
            keys = keys.with_key_length(bytes).map_err(wrong)?;
        }
        if let Some(bytes) = self.count(block, "salt_length")? {
            keys = keys.with_salt_length(bytes).map_err(wrong)?;
        }
        if let Some(iterations) = self.count(block, "iterations")? {
            keys = keys.with_iterations(iterations).map_err(wrong)?;
        }
        Ok(keys)
    }

    fn static_key(&self, block: &Block) -> Result<StaticKey> {
        known_arguments(block, &["key", ALIAS])?;
        let key = self.text(block, "key")?.unwrap_or_default();
        StaticKey::from_hex(&key).map_err(|e| {
            let hint = "write the key of 16, 24 or 32 bytes as 32, 48 or 64 hexadecimal digits";
            at(e, &block.location, hint)
        })
    }

    fn text(&self, block: &Block, argument: &str) -> Result<Option<String>> {
        match self.argument(block, argument)? {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.expected(block, argument, "a text")),
        }
    }

    fn count(&self, block: &Block, argument: &str) -> Result<Option<u64>> {
        let count = match self.argument(block, argument)? {
            None => return Ok(None),
            Some(Value::Number(number)) => number.as_u64(),
            Some(_) => None,
        };
        let wrong = || self.expected(block, argument, "a whole number");
        count.map(Some).ok_or_else(wrong)
    }

    /// Null is the same as no argument.
    fn argument(&self, block: &Block, argument: &str) -> Result<Option<Value>> {
        let Some(expression) = block.body.attribute(argument) else {
            return Ok(None);
        };
        let value = self.value(argument, expression)?;
        Ok(Some(value).filter(|value| !value.is_null()))
    }

    /// The value itself is a secret.
    fn expected(&self, block: &Block, argument: &str, what: &str) -> Error {
        let place = block.body.attribute(argument).map(Expression::location);
        let message = format!("`{argument}` of `{}` is not {what}", address(block));
        problem_at(place.as_ref().unwrap_or(&block.location), message)
            .with_hint(format!("give {what}; a variable needs the right type"))
    }
}
