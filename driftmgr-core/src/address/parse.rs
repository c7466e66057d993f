//! Reads addresses. One small cursor; every error names the byte.

use super::{InstanceAddress, InstanceKey, ModulePath, ModuleStep, ResourceAddress, ResourceMode};

/// Why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an address: {reason} (byte {at})")]
pub struct AddressError {
    text: String,
    at: usize,
    reason: &'static str,
}

impl AddressError {
    /// The byte at which reading failed.
    pub fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn new(text: &str, at: usize, reason: &'static str) -> Self {
        Self {
            text: text.to_owned(),
            at,
            reason,
        }
    }
}

impl From<AddressError> for crate::Error {
    fn from(error: AddressError) -> Self {
        Self::new(crate::ErrorKind::InvalidInput, error.to_string())
            .with_hint("addresses look like `module.network[\"eu\"].aws_subnet.private[0]`, as `driftmgr state list` prints them")
    }
}

pub(super) fn instance(text: &str) -> Result<InstanceAddress, AddressError> {
    let mut parser = Parser::new(text);
    let module = parser.modules()?;
    let mut first = parser.name()?;
    let mode = if first == "data" && parser.peek() == Some('.') {
        parser.dot()?;
        first = parser.name()?;
        ResourceMode::Data
    } else {
        ResourceMode::Managed
    };
    let name = parser
        .dotted_name()?
        .ok_or_else(|| parser.error("a resource address is TYPE.NAME"))?;
    let key = parser.key()?;
    parser.end()?;
    Ok(InstanceAddress {
        resource: ResourceAddress {
            module,
            mode,
            resource_type: first,
            name,
        },
        key,
    })
}

pub(super) fn module(text: &str) -> Result<ModulePath, AddressError> {
    let mut parser = Parser::new(text);
    let path = parser.modules()?;
    parser.end()?;
    Ok(path)
}

/// Beside letters, identifiers hold the marks that some scripts are written with (UAX #31, which HCL follows).
pub(super) fn in_name(c: char) -> bool {
    let foreign = !c.is_ascii() && !c.is_whitespace() && !c.is_control();
    c.is_ascii_alphanumeric() || c == '_' || c == '-' || foreign
}

pub(super) struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn error(&self, reason: &'static str) -> AddressError {
        AddressError::new(self.text, self.at, reason)
    }

    pub(super) fn end(&self) -> Result<(), AddressError> {
        if self.rest().is_empty() {
            Ok(())
        } else {
            Err(self.error("there is more after the address"))
        }
    }

    fn dot(&mut self) -> Result<(), AddressError> {
        if self.peek() != Some('.') {
            return Err(self.error("a dot is missing"));
        }
        self.at += 1;
        Ok(())
    }

    pub(super) fn keyword(&mut self, word: &'static str) -> Result<(), AddressError> {
        if !self.rest().starts_with(word) {
            return Err(self.error("`provider` is missing"));
        }
        self.at += word.len();
        Ok(())
    }

    fn name(&mut self) -> Result<String, AddressError> {
        let rest = self.rest();
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default();
        if name.is_empty() || !name.chars().all(in_name) {
            return Err(self.error("a name has letters, digits, underscores and hyphens"));
        }
        self.at += end;
        Ok(name.to_owned())
    }

    pub(super) fn dotted_name(&mut self) -> Result<Option<String>, AddressError> {
        if self.peek() != Some('.') {
            return Ok(None);
        }
        self.at += 1;
        self.name().map(Some)
    }

    /// `module.a["x"].module.b.`: as many as there are, with the dot that follows.
    pub(super) fn modules(&mut self) -> Result<ModulePath, AddressError> {
        let mut steps = Vec::new();
        while self.rest().starts_with("module.") {
            self.at += "module.".len();
            let name = self.name()?;
            let key = self.key()?;
            steps.push(ModuleStep { name, key });
            if self.peek().is_none() {
                break;
            }
            self.dot()?;
        }
        Ok(ModulePath(steps))
    }

    pub(super) fn key(&mut self) -> Result<Option<InstanceKey>, AddressError> {
        if self.peek() != Some('[') {
            return Ok(None);
        }
        self.at += 1;
        let key = if self.peek() == Some('"') {
            InstanceKey::String(self.quoted()?)
        } else {
            let rest = self.rest();
            let end = rest
                .find(']')
                .ok_or_else(|| self.error("the key is not closed with `]`"))?;
            let number = rest.get(..end).unwrap_or_default();
            let key = number
                .parse()
                .map_err(|_| self.error("a key is an integer or a quoted string"))?;
            self.at += end;
            InstanceKey::Int(key)
        };
        if self.peek() != Some(']') {
            return Err(self.error("the key is not closed with `]`"));
        }
        self.at += 1;
        Ok(Some(key))
    }

    fn quoted(&mut self) -> Result<String, AddressError> {
        self.at += 1;
        let mut out = String::new();
        let mut chars = self.rest().char_indices().peekable();
        while let Some((i, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += i + 1;
                    return Ok(out);
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => out.push('\n'),
                    Some((_, 'r')) => out.push('\r'),
                    Some((_, 't')) => out.push('\t'),
                    Some((_, c @ ('"' | '\\'))) => out.push(c),
                    _ => return Err(self.error("an unknown escape in the key")),
                },
                '$' | '%' => {
                    out.push(c);
                    // `$${` is a literal `${`: drop one of the two signs.
                    let doubled = self
                        .rest()
                        .get(i..)
                        .is_some_and(|r| r.starts_with(&format!("{c}{c}{{")));
                    if doubled {
                        chars.next();
                    }
                }
                c => out.push(c),
            }
        }
        Err(self.error("the quoted key does not end"))
    }
}
