//! Who asks: identities of Entra ID, and what the resource manager tells.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::*;
use crate::backends::support::state_server::Seen;

const TENANT: &str = "11111111-2222-3333-4444-555555555555";
const CLIENT: &str = "66666666-7777-8888-9999-000000000000";

/// A token as Entra ID writes them; Azurite looks at everything but the signature.
fn token() -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let claims = json!({
        "aud": "https://storage.azure.com",
        "iss": format!("https://sts.windows.net/{TENANT}/"),
        "iat": now - 10, "nbf": now - 10, "exp": now + 3600,
        "appid": CLIENT, "tid": TENANT, "ver": "1.0",
    });
    let part = |json: Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    format!(
        "{}.{}.c2lnbmF0dXJl",
        part(json!({"alg": "RS256", "typ": "JWT"})),
        part(claims)
    )
}

fn answer(body: &Value) -> Fault {
    Fault::Answer(200, Vec::new(), body.to_string())
}

/// What Entra ID answers.
fn granted() -> Fault {
    answer(&json!({"token_type": "Bearer", "expires_in": 3599, "access_token": token()}))
}

/// A backend that asks for tokens, its state written.
async fn with_identity(azure: &Azure, more: Value) -> Vec<Seen> {
    let container = azure.container();
    write(&cx(azure), &open(azure, &container), &at(), "{}")
        .await
        .unwrap();
    azure.front.seen();
    let mut all = json!({"access_key": null, "use_azuread_auth": true});
    let map = all.as_object_mut().unwrap();
    map.extend(more.as_object().unwrap().clone());
    let cx = cx(azure);
    let backend = open_with(&cx, &container, all).unwrap();
    // Twice: the token is asked for once.
    for _ in 0..2 {
        assert_eq!(read(&cx, &backend, &at()).await.unwrap().unwrap(), "{}");
    }
    let mut seen = azure.front.seen();
    seen.retain(|seen| !seen.target.starts_with("/metadata/endpoints"));
    seen
}

fn form(seen: &Seen) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(&seen.body)
        .into_owned()
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_proves_itself_with_a_secret() {
    let azure = Azure::start();
    azure.front.fault("POST", granted());
    let who = json!({"tenant_id": TENANT, "client_id": CLIENT, "client_secret": "s€cret"});
    let seen = with_identity(&azure, who).await;
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].target, format!("/{TENANT}/oauth2/v2.0/token"));
    let form = form(&seen[0]);
    for (name, value) in [
        ("grant_type", "client_credentials"),
        ("client_id", CLIENT),
        ("client_secret", "s€cret"),
        ("scope", "https://storage.azure.com/.default"),
    ] {
        assert_eq!(form[name], value);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_proves_itself_with_a_foreign_token() {
    let azure = Azure::start();
    let app = json!({"tenant_id": TENANT, "client_id": CLIENT, "use_oidc": true});
    let with = |more: Value| {
        let mut all = app.clone();
        let map = all.as_object_mut().unwrap();
        map.extend(more.as_object().unwrap().clone());
        all
    };
    azure.front.fault("POST", granted());
    let seen = with_identity(&azure, with(json!({"oidc_token": "foreign-1"}))).await;
    assert_eq!(form(&seen[0])["client_assertion"], "foreign-1");
    // From a file.
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "foreign-2\n").unwrap();
    azure.front.fault("POST", granted());
    let more = json!({"oidc_token_file_path": file.path()});
    let seen = with_identity(&azure, with(more)).await;
    assert_eq!(form(&seen[0])["client_assertion"], "foreign-2");
    // As in GitHub's workflows.
    azure.front.put(
        "/github",
        json!({"value": "foreign-3"}).to_string().as_bytes(),
    );
    azure.front.fault("POST", granted());
    let request = format!("https://{FRONT}/github?x=1");
    let more = json!({"oidc_request_url": request, "oidc_request_token": "asker"});
    let seen = with_identity(&azure, with(more)).await;
    assert_eq!(seen[0].headers["authorization"], "Bearer asker");
    assert!(
        seen[0]
            .target
            .contains("audience=api%3A%2F%2FAzureADTokenExchange")
    );
    assert_eq!(form(&seen[1])["client_assertion"], "foreign-3");
    // As in the pipelines of Azure DevOps.
    azure
        .front
        .fault("POST", answer(&json!({"oidcToken": "foreign-4"})));
    azure.front.fault("POST", granted());
    let more = json!({
        "oidc_request_url": format!("https://{FRONT}/ado"),
        "oidc_request_token": "asker",
        "ado_pipeline_service_connection_id": "connection-1",
    });
    let seen = with_identity(&azure, with(more)).await;
    assert!(seen[0].target.contains("serviceConnectionId=connection-1"));
    assert_eq!(form(&seen[1])["client_assertion"], "foreign-4");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_has_an_identity() {
    let azure = Azure::start();
    // Seconds are text there.
    let granted = json!({"access_token": token(), "expires_in": "86399", "resource": "x"});
    azure.front.put("/msi", granted.to_string().as_bytes());
    let more = json!({"use_msi": true, "client_id": CLIENT, "msi_endpoint": format!("https://{FRONT}/msi")});
    let seen = with_identity(&azure, more).await;
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].headers["metadata"], "true");
    for part in [
        "resource=https%3A%2F%2Fstorage.azure.com",
        "api-version=2018-02-01",
        CLIENT,
    ] {
        assert!(seen[0].target.contains(part), "{}", seen[0].target);
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_logged_in_with_the_command_line_is_asked() {
    use std::os::unix::fs::PermissionsExt;

    let azure = Azure::start();
    let container = azure.container();
    write(&cx(&azure), &open(&azure, &container), &at(), "{}")
        .await
        .unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    let program = folder.path().join("az");
    let answer = json!({"accessToken": token(), "expires_on": 4_000_000_000_u64});
    let script = format!(
        "#!/bin/sh\necho \"$@\" >> '{}/words'\necho '{answer}'\n",
        folder.path().display()
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = folder.path().display().to_string();
    let environment = cx(&azure).environment().clone().with_variable("PATH", path);
    let cx = Context::new(environment);
    let more = json!({"access_key": null, "use_azuread_auth": true, "tenant_id": TENANT});
    let backend = open_with(&cx, &container, more).unwrap();
    for _ in 0..2 {
        assert_eq!(read(&cx, &backend, &at()).await.unwrap().unwrap(), "{}");
    }
    let words = std::fs::read_to_string(folder.path().join("words")).unwrap();
    assert_eq!(
        words,
        format!(
            "account get-access-token --resource https://storage.azure.com --tenant {TENANT} --output json\n"
        )
    );
    // Nobody is logged in.
    std::fs::write(
        &program,
        "#!/bin/sh\necho 'Please run az login' >&2\nexit 1\n",
    )
    .unwrap();
    let more = json!({"access_key": null, "use_azuread_auth": true});
    let backend = open_with(&cx, &container, more).unwrap();
    let error = read(&cx, &backend, &at()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error:?}");
    assert!(error.hints()[0].contains("az login"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_resource_manager_tells_the_key() {
    let azure = Azure::start();
    let container = azure.container();
    write(&cx(&azure), &open(&azure, &container), &at(), "{}")
        .await
        .unwrap();
    azure.front.seen();
    let account = format!(
        "/subscriptions/sub/resourceGroups/group/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}"
    );
    let endpoint =
        json!({"properties": {"primaryEndpoints": {"blob": format!("https://{}/", azure.host())}}});
    azure.front.put(&account, endpoint.to_string().as_bytes());
    azure.front.fault("POST", granted());
    let keys = json!({"keys": [
        {"keyName": "read", "permissions": "READ", "value": "bm8="},
        {"keyName": "key1", "permissions": "FULL", "value": azurite::KEY},
    ]});
    azure.front.fault("POST", answer(&keys));
    let more = json!({
        "access_key": null, "resource_group_name": "group", "subscription_id": "sub",
        "tenant_id": TENANT, "client_id": CLIENT, "client_secret": "secret",
    });
    let cx = cx(&azure);
    let backend = open_with(&cx, &container, more.clone()).unwrap();
    assert_eq!(read(&cx, &backend, &at()).await.unwrap().unwrap(), "{}");
    let seen = azure.front.seen();
    let targets: Vec<_> = seen
        .iter()
        .map(|s| s.target.split('?').next().unwrap())
        .collect();
    assert_eq!(
        targets[1..],
        [
            format!("/{TENANT}/oauth2/v2.0/token"),
            account.clone(),
            format!("{account}/listKeys")
        ]
    );
    assert_eq!(
        form(&seen[1])["scope"],
        "https://management.azure.test/.default"
    );
    // Who may not is told what is missing.
    azure.front.fault("POST", granted());
    azure.front.fault("POST", Fault::status(403));
    let backend = open_with(&cx, &container, more).unwrap();
    let error = read(&cx, &backend, &at()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.hints()[0].contains("listKeys/action"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_refused_a_token_learns_why() {
    let azure = Azure::start();
    let said = json!({
        "error": "invalid_client",
        "error_description": "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent ... Trace ID: x",
    });
    azure
        .front
        .fault("POST", Fault::Answer(401, Vec::new(), said.to_string()));
    let cx = cx(&azure);
    let more = json!({
        "access_key": null, "use_azuread_auth": true,
        "tenant_id": TENANT, "client_id": CLIENT, "client_secret": "wrong",
    });
    let backend = open_with(&cx, "states", more).unwrap();
    let error = read(&cx, &backend, &at()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(error.context_value("code"), Some("AADSTS7000215"));
    assert!(error.hints()[0].contains("`client_secret`"), "{error:?}");
    assert!(!format!("{error:?}").contains("Trace"));
}
