//! Finds credentials in the order of the programs' own client: arguments, named profile, environment, web identity, profile, container,
//! machine.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::imds;
use aws_config::imds::client::EndpointMode;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_sdk_s3::config::{Credentials, Region};
use aws_sdk_sts::types::{PolicyDescriptorType, Tag};

use super::access::{Access, Identity, Keys, Role, Token, WebIdentity};
use crate::error::{Error, ErrorKind, Result};

/// The session's name of a role where none is set.
const SESSION: &str = "driftmgr";

/// The credentials of an access. Nothing is asked before the first request needs them.
pub(super) fn provider(access: &Access, base: &SdkConfig) -> Result<SharedCredentialsProvider> {
    let identity = &access.identity;
    let found = match &identity.web_role {
        Some(web) => role(access, base, Way::Web(web.clone())),
        None => found(access, base)?,
    };
    Ok(match &identity.role {
        None => found,
        Some(wanted) => {
            let base = base.to_builder().credentials_provider(found).build();
            role(access, &base, Way::Credentials(wanted.clone()))
        }
    })
}

fn found(access: &Access, base: &SdkConfig) -> Result<SharedCredentialsProvider> {
    let identity = &access.identity;
    if let Some(keys) = &identity.keys {
        return Ok(fixed(keys));
    }
    let mut common = ProviderConfig::without_region()
        .with_region(Some(Region::new(access.region.clone())))
        .with_use_fips(Some(access.fips))
        .with_use_dual_stack(Some(access.dual_stack));
    if let Some(client) = base.http_client() {
        common = common.with_http_client(client);
    }
    if let Some(name) = &identity.profile {
        let profile = profile(identity, &common, Some(name));
        return Ok(SharedCredentialsProvider::new(profile));
    }
    if let Some(keys) = &identity.environment {
        return Ok(fixed(keys));
    }
    if let Some(web) = &identity.web_identity {
        return Ok(role(access, base, Way::Web(web.clone())));
    }
    let usual = profile(identity, &common, identity.usual_profile.as_deref());
    let mut chain = CredentialsProviderChain::first_try("Profile", usual);
    if identity.container {
        let container = EcsCredentialsProvider::builder().configure(&common);
        chain = chain.or_else("Container", container.build());
    } else if identity.metadata.enabled {
        chain = chain.or_else("Machine", machine(identity, &common)?);
    }
    Ok(SharedCredentialsProvider::new(chain))
}

fn fixed(keys: &Keys) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new(
        keys.access_key.expose(),
        keys.secret_key.expose(),
        keys.token.as_ref().map(|token| token.expose().clone()),
        None,
        "driftmgr",
    ))
}

fn profile(
    identity: &Identity,
    common: &ProviderConfig,
    name: Option<&str>,
) -> ProfileFileCredentialsProvider {
    let mut files = EnvConfigFiles::builder();
    for path in &identity.config_files {
        files = files.with_file(EnvConfigFileKind::Config, path);
    }
    for path in &identity.credentials_files {
        files = files.with_file(EnvConfigFileKind::Credentials, path);
    }
    if identity.config_files.is_empty() && identity.credentials_files.is_empty() {
        // No file at all is a mistake to the builder.
        files = files.with_contents(EnvConfigFileKind::Config, "");
    }
    let builder = ProfileFileCredentialsProvider::builder()
        .configure(common)
        .profile_files(files.build());
    // With a name given here the builder does not look at the process's own environment.
    builder.profile_name(name.unwrap_or("default")).build()
}

fn machine(
    identity: &Identity,
    common: &ProviderConfig,
) -> Result<imds::credentials::ImdsCredentialsProvider> {
    let metadata = &identity.metadata;
    let mut client = imds::Client::builder().configure(common);
    if let Some(endpoint) = &metadata.endpoint {
        client = client.endpoint(endpoint.expose().as_str()).map_err(|_| {
            Error::new(
                ErrorKind::InvalidConfig,
                "the endpoint of the metadata service is not a URL",
            )
            .with("endpoint", endpoint)
        })?;
    }
    let mode = match metadata.ipv6 {
        true => EndpointMode::IpV6,
        false => EndpointMode::IpV4,
    };
    let builder = imds::credentials::ImdsCredentialsProvider::builder().configure(common);
    Ok(builder
        .imds_client(client.endpoint_mode(mode).build())
        .build())
}

fn role(access: &Access, base: &SdkConfig, way: Way) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(RoleProvider {
        sts: aws_sdk_sts::Client::from_conf(sts(access, base)),
        way,
    })
}

/// How the token service is asked.
pub(super) fn sts(access: &Access, base: &SdkConfig) -> aws_sdk_sts::Config {
    let mut builder = aws_sdk_sts::config::Builder::from(base);
    if let Some(region) = &access.sts_region {
        builder = builder.region(Region::new(region.clone()));
    }
    if let Some(endpoint) = &access.endpoints.sts {
        builder = builder.endpoint_url(endpoint.expose().as_str());
    }
    builder.build()
}

/// What opens the role.
#[derive(Debug)]
enum Way {
    Credentials(Role),
    Web(WebIdentity),
}

/// Takes a role, anew when its session is over.
#[derive(Debug)]
struct RoleProvider {
    sts: aws_sdk_sts::Client,
    way: Way,
}

impl ProvideCredentials for RoleProvider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            match &self.way {
                Way::Credentials(role) => self.by_credentials(role).await,
                Way::Web(web) => self.by_token(web).await,
            }
        })
    }
}

impl RoleProvider {
    async fn by_credentials(&self, role: &Role) -> provider::Result {
        let tags: Result<Vec<Tag>, _> = role
            .tags
            .iter()
            .map(|(key, value)| Tag::builder().key(key).value(value).build())
            .collect();
        let tags = tags.map_err(CredentialsError::invalid_configuration)?;
        let external_id = role.external_id.as_ref().map(|id| id.expose().clone());
        let taken = self
            .sts
            .assume_role()
            .role_arn(&role.arn)
            .role_session_name(session(role))
            .set_duration_seconds(seconds(role.duration))
            .set_external_id(external_id)
            .set_policy(role.policy.clone())
            .set_policy_arns(policies(role))
            .set_source_identity(role.source_identity.clone())
            .set_tags(some(tags))
            .set_transitive_tag_keys(some(role.transitive_tags.clone()))
            .send()
            .await
            .map_err(CredentialsError::provider_error)?;
        credentials(taken.credentials)
    }

    async fn by_token(&self, web: &WebIdentity) -> provider::Result {
        let token = match &web.token {
            Token::Text(token) => token.expose().clone(),
            Token::File(path) => {
                let text = tokio::fs::read_to_string(path).await;
                let text = text.map_err(|e| {
                    let path = path.display();
                    let reason = format!("cannot read the web identity token {path}: {e}");
                    CredentialsError::invalid_configuration(reason)
                })?;
                text.trim().to_owned()
            }
        };
        let role = &web.role;
        let taken = self
            .sts
            .assume_role_with_web_identity()
            .role_arn(&role.arn)
            .role_session_name(session(role))
            .web_identity_token(token)
            .set_duration_seconds(seconds(role.duration))
            .set_policy(role.policy.clone())
            .set_policy_arns(policies(role))
            .send()
            .await
            .map_err(CredentialsError::provider_error)?;
        credentials(taken.credentials)
    }
}

fn session(role: &Role) -> &str {
    role.session.as_deref().unwrap_or(SESSION)
}

fn seconds(duration: Option<Duration>) -> Option<i32> {
    duration.and_then(|d| i32::try_from(d.as_secs()).ok())
}

fn some<T>(items: Vec<T>) -> Option<Vec<T>> {
    (!items.is_empty()).then_some(items)
}

fn policies(role: &Role) -> Option<Vec<PolicyDescriptorType>> {
    let policies = role.policy_arns.iter();
    let policy = |arn| PolicyDescriptorType::builder().arn(arn).build();
    some(policies.map(policy).collect())
}

fn credentials(taken: Option<aws_sdk_sts::types::Credentials>) -> provider::Result {
    let taken = taken.ok_or_else(|| CredentialsError::unhandled("STS answered without keys"))?;
    let expiry = SystemTime::try_from(*taken.expiration());
    Ok(Credentials::new(
        taken.access_key_id(),
        taken.secret_access_key(),
        Some(taken.session_token().to_owned()),
        expiry.ok(),
        "driftmgr-role",
    ))
}
