//! Who asks Entra ID for a token, and how it proves that. The order is that of both programs.

use std::path::{Path, PathBuf};

use super::config::Reader;
use crate::env::Environment;
use crate::error::{Error, ErrorKind, Result};
use crate::redact::Sensitive;

/// An identity of Entra ID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Identity {
    /// An application with a proof.
    Application {
        tenant: String,
        client: String,
        proof: Proof,
    },
    /// The identity of the machine that this runs on.
    Managed {
        /// The application, where the machine has more than one.
        client: Option<String>,
        endpoint: ManagedEndpoint,
    },
    /// Whoever is logged in with the program `az`.
    Cli {
        tenant: Option<String>,
        subscription: Option<String>,
    },
}

/// How an application proves that it is itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Proof {
    Secret(Sensitive<String>),
    /// A token of a foreign identity provider.
    Assertion(Sensitive<String>),
    /// A file with such a token, which is replaced from time to time.
    AssertionFile(PathBuf),
    /// Where such a token is had, and what is shown there; as in GitHub's workflows.
    Exchange {
        url: Sensitive<String>,
        token: Sensitive<String>,
    },
    /// The same in Azure DevOps, for a service connection.
    Pipeline {
        url: Sensitive<String>,
        token: Sensitive<String>,
        connection: String,
    },
}

/// Who hands out the tokens of a machine's identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ManagedEndpoint {
    /// The instance's metadata service, or one that speaks like it.
    Metadata(String),
    /// That of App Service and Functions, with what it wants to see.
    App {
        url: String,
        header: Sensitive<String>,
    },
}

/// Where the metadata of an instance is.
const METADATA: &str = "http://169.254.169.254/metadata/identity/oauth2/token";

impl Reader<'_> {
    /// The first identity for which there is all that it takes.
    pub(super) fn identity(&self) -> Result<Identity> {
        let environment = self.environment;
        let aks = self.flag("use_aks_workload_identity", "ARM_USE_AKS_WORKLOAD_IDENTITY")?;
        let of_aks = |name: &str| aks.then(|| environment.get(name)).flatten();
        let tenant = self.text("tenant_id", &["ARM_TENANT_ID"])?;
        let tenant = self.same("tenant_id", tenant, of_aks("AZURE_TENANT_ID"))?;
        let client = self.text("client_id", &["ARM_CLIENT_ID"])?;
        let file = self.text("client_id_file_path", &["ARM_CLIENT_ID_FILE_PATH"])?;
        let file = file.map(|file| self.file(&file)).transpose()?;
        let client = self.same("client_id", client, file.as_deref())?;
        let client = self.same("client_id", client, of_aks("AZURE_CLIENT_ID"))?;
        if let (Some(tenant), Some(client)) = (&tenant, &client)
            && let Some(proof) = self.proof(aks)?
        {
            return Ok(Identity::Application {
                tenant: tenant.clone(),
                client: client.clone(),
                proof,
            });
        }
        if self.flag("use_msi", "ARM_USE_MSI")? {
            return Ok(Identity::Managed {
                client,
                endpoint: self.managed_endpoint()?,
            });
        }
        if self.flag_or("use_cli", "ARM_USE_CLI", true)? {
            return Ok(Identity::Cli {
                tenant,
                subscription: self.text("subscription_id", &["ARM_SUBSCRIPTION_ID"])?,
            });
        }
        Err(self
            .arguments
            .invalid("the azurerm backend does not say who asks for the state")
            .with_hint(
                "set `access_key`, `sas_token`, or `tenant_id` and `client_id` with `client_secret` or `use_oidc`, `use_msi`, or `use_cli`",
            ))
    }

    fn proof(&self, aks: bool) -> Result<Option<Proof>> {
        for (name, variable) in [
            ("client_certificate", "ARM_CLIENT_CERTIFICATE"),
            ("client_certificate_path", "ARM_CLIENT_CERTIFICATE_PATH"),
        ] {
            if self.text(name, &[variable])?.is_some() {
                return Err(self.arguments.unsupported(name).with_hint(
                    "use `client_secret`, `use_oidc`, `use_msi` or `use_cli`, or log in with `az login --service-principal --certificate` and use `use_cli`",
                ));
            }
        }
        let secret = self.text("client_secret", &["ARM_CLIENT_SECRET"])?;
        let file = self.text("client_secret_file_path", &["ARM_CLIENT_SECRET_FILE_PATH"])?;
        let file = file.map(|file| self.file(&file)).transpose()?;
        if let Some(secret) = self.same("client_secret", secret, file.as_deref())? {
            return Ok(Some(Proof::Secret(Sensitive::new(secret))));
        }
        if !aks && !self.flag("use_oidc", "ARM_USE_OIDC")? {
            return Ok(None);
        }
        self.foreign_token(aks)
    }

    fn foreign_token(&self, aks: bool) -> Result<Option<Proof>> {
        let url = self.text(
            "oidc_request_url",
            &[
                "ARM_OIDC_REQUEST_URL",
                "ACTIONS_ID_TOKEN_REQUEST_URL",
                "SYSTEM_OIDCREQUESTURI",
            ],
        )?;
        let token = self.text(
            "oidc_request_token",
            &[
                "ARM_OIDC_REQUEST_TOKEN",
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
                "SYSTEM_ACCESSTOKEN",
            ],
        )?;
        let given = self.text("oidc_token", &["ARM_OIDC_TOKEN"])?;
        let given = given.map(|text| text.trim().to_owned());
        let file = self.text("oidc_token_file_path", &["ARM_OIDC_TOKEN_FILE_PATH"])?;
        let federated = self.environment.get("AZURE_FEDERATED_TOKEN_FILE");
        // OpenTofu reads that file also outside of AKS.
        let file = match aks {
            true => federated.map(str::to_owned).or(file),
            false => file.or_else(|| federated.map(str::to_owned)),
        };
        if let Some(file) = file {
            let path = self.environment.current_dir().join(&file);
            if let Some(given) = &given {
                self.same("oidc_token", Some(given.clone()), Some(&read(&path)?))?;
            }
            return Ok(Some(Proof::AssertionFile(path)));
        }
        if let Some(given) = given {
            return Ok(Some(Proof::Assertion(Sensitive::new(given))));
        }
        let (Some(url), Some(token)) = (url, token) else {
            return Ok(None);
        };
        let (url, token) = (Sensitive::new(url), Sensitive::new(token));
        Ok(Some(match self.connection()? {
            Some(connection) => Proof::Pipeline {
                url,
                token,
                connection,
            },
            None => Proof::Exchange { url, token },
        }))
    }

    /// The service connection of Azure DevOps. The programs name the argument differently.
    fn connection(&self) -> Result<Option<String>> {
        let terraform = self.text(
            "ado_pipeline_service_connection_id",
            &[
                "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID",
                "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID",
            ],
        )?;
        let opentofu = self.text(
            "ado_service_connection_id",
            &["AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"],
        )?;
        // Azure DevOps sets the last variable for every task; it only counts where its address is asked.
        Ok(terraform.or(opentofu))
    }

    fn managed_endpoint(&self) -> Result<ManagedEndpoint> {
        let custom = self.text("msi_endpoint", &["ARM_MSI_ENDPOINT", "MSI_ENDPOINT"])?;
        if let Some(url) = custom {
            return Ok(ManagedEndpoint::Metadata(url));
        }
        let of = |name| self.environment.get(name).map(str::to_owned);
        Ok(match (of("IDENTITY_ENDPOINT"), of("IDENTITY_HEADER")) {
            (Some(url), Some(header)) => ManagedEndpoint::App {
                url,
                header: Sensitive::new(header),
            },
            _ => ManagedEndpoint::Metadata(METADATA.to_owned()),
        })
    }

    /// One value that two places may give; they must not differ.
    fn same(&self, name: &str, one: Option<String>, other: Option<&str>) -> Result<Option<String>> {
        let one = one.map(|text| text.trim().to_owned());
        match (one, other) {
            (Some(one), Some(other)) if one != other => Err(self
                .arguments
                .invalid(format!(
                    "the azurerm backend's `{name}` is not what its file or the environment of AKS says"
                ))
                .with_hint("leave one of them out")),
            (one, other) => Ok(one.or_else(|| other.map(str::to_owned))),
        }
    }

    fn file(&self, path: &str) -> Result<String> {
        read(&within(self.environment, path))
    }
}

fn within(environment: &Environment, path: &str) -> PathBuf {
    environment.current_dir().join(path)
}

/// A file of one line.
pub(super) fn read(path: &Path) -> Result<String> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| Error::io("read a file of credentials", path, e))?;
    let text = text.trim();
    if text.is_empty() {
        let error = Error::new(ErrorKind::InvalidConfig, "a file of credentials is empty");
        return Err(error.with("file", path.display()));
    }
    Ok(text.to_owned())
}
