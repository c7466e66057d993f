//! Where a provider comes from, and which of its configurations is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::parse::{AddressError, Parser, in_name};
use super::{InstanceKey, ModulePath};

/// The registry that Terraform means when a source names none.
pub(crate) const DEFAULT_HOST: &str = "registry.terraform.io";
/// Host and namespace of what is part of Terraform itself.
pub(crate) const BUILTIN: (&str, &str) = ("terraform.io", "builtin");

/// A provider's source address: `registry.terraform.io/hashicorp/aws`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProviderSource {
    /// The registry's host.
    pub host: String,
    /// The namespace; `-` where an old state leaves it open.
    pub namespace: String,
    /// The provider's type, such as `aws`.
    pub provider_type: String,
}

impl ProviderSource {
    /// A source from its three parts.
    pub fn new(
        host: impl Into<String>,
        namespace: impl Into<String>,
        provider_type: impl Into<String>,
    ) -> Self {
        Self {
            host: host.into(),
            namespace: namespace.into(),
            provider_type: provider_type.into(),
        }
    }

    /// What Terraform assumes for a type that no `required_providers` names: `hashicorp/TYPE`, and the built-in one for `terraform`. Case is
    /// folded.
    pub fn implied(provider_type: &str) -> Self {
        let provider_type = provider_type.to_lowercase();
        if provider_type == "terraform" {
            return Self::new(BUILTIN.0, BUILTIN.1, "terraform");
        }
        Self::new(DEFAULT_HOST, "hashicorp", provider_type)
    }

    /// The source under which it is published today: states from before Terraform 0.13 leave the namespace open (`-`), and what had none
    /// then is `hashicorp`'s.
    #[must_use]
    pub fn with_namespace(&self) -> Self {
        match self.namespace.as_str() {
            "-" if self.provider_type == "terraform" => Self::implied("terraform"),
            "-" => Self {
                namespace: "hashicorp".to_owned(),
                ..self.clone()
            },
            _ => self.clone(),
        }
    }

    /// True for `terraform.io/builtin/terraform`, which has no plugin.
    pub fn is_builtin(&self) -> bool {
        (self.host.as_str(), self.namespace.as_str()) == BUILTIN
    }
}

impl fmt::Display for ProviderSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.host, self.namespace, self.provider_type)
    }
}

impl FromStr for ProviderSource {
    type Err = AddressError;

    /// Reads `type`, `namespace/type` and `host/namespace/type`, as `required_providers` takes them. Case is folded.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let lower = text.to_lowercase();
        let parts: Vec<&str> = lower.split('/').collect();
        if parts.iter().any(|p| p.is_empty()) {
            return Err(AddressError::new(
                text,
                0,
                "a provider source has no empty part",
            ));
        }
        // A pattern of sources has `*` for a part, and a host may have a port.
        let legal = |c: char| in_name(c) || "/.:*".contains(c);
        if !lower.chars().all(legal) {
            return Err(AddressError::new(
                text,
                0,
                "a provider source has letters, digits, hyphens, underscores and dots",
            ));
        }
        match parts.as_slice() {
            ["terraform"] => Ok(Self::implied("terraform")),
            [ty] => Ok(Self::new(DEFAULT_HOST, "hashicorp", *ty)),
            [ns, ty] => Ok(Self::new(DEFAULT_HOST, *ns, *ty)),
            [host, ns, ty] => Ok(Self::new(*host, *ns, *ty)),
            _ => Err(AddressError::new(
                text,
                0,
                "a provider source has at most three parts, host/namespace/type",
            )),
        }
    }
}

/// One configuration of a provider, as a state names it: `module.a.provider["registry.terraform.io/hashicorp/aws"].west`.
///
/// OpenTofu may add a key when the configuration has `for_each`: `provider["…"].west["eu"]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProviderConfigAddress {
    /// The module whose `provider` block it is.
    pub module: ModulePath,
    /// The provider.
    pub source: ProviderSource,
    /// The `alias` of the block.
    pub alias: Option<String>,
    /// The instance of the block (OpenTofu only).
    pub key: Option<InstanceKey>,
}

impl ProviderConfigAddress {
    /// The configuration without alias in the root module.
    pub fn default_of(source: ProviderSource) -> Self {
        Self {
            module: ModulePath::root(),
            source,
            alias: None,
            key: None,
        }
    }
}

impl Serialize for ProviderConfigAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for ProviderConfigAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.module.is_root() {
            write!(f, "{}.", self.module)?;
        }
        write!(f, "provider[\"{}\"]", self.source)?;
        if let Some(alias) = &self.alias {
            write!(f, ".{alias}")?;
        }
        if let Some(key) = &self.key {
            write!(f, "{key}")?;
        }
        Ok(())
    }
}

impl FromStr for ProviderConfigAddress {
    type Err = AddressError;

    /// Reads the form of state v4 and, from older states, `provider.aws`, `provider.aws.west` and `module.a.provider.aws`.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let mut parser = Parser::new(text);
        let module = parser.modules()?;
        parser.keyword("provider")?;
        let address = match parser.key()? {
            Some(InstanceKey::String(source)) => {
                let source = source
                    .parse()
                    .map_err(|_| parser.error("the provider source is not host/namespace/type"))?;
                let alias = parser.dotted_name()?;
                let key = parser.key()?;
                Self {
                    module,
                    source,
                    alias,
                    key,
                }
            }
            Some(InstanceKey::Int(_)) => return Err(parser.error("a provider source is a string")),
            None => {
                let name = parser
                    .dotted_name()?
                    .ok_or_else(|| parser.error("the provider's name is missing"))?;
                let alias = parser.dotted_name()?;
                Self {
                    module,
                    source: ProviderSource::implied(&name),
                    alias,
                    key: None,
                }
            }
        };
        parser.end()?;
        Ok(address)
    }
}
