//! What a connection insists on.

use driftmgr_core::backend::pg::PgConfig;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};

use super::*;

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Certificate and key in PEM for a name.
    fn sign(&self, name: &str, purpose: ExtendedKeyUsagePurpose) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        params.extended_key_usages = vec![purpose];
        let certificate = params.signed_by(&key, &self.0).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

/// The URL of a server by name, with a mode.
fn url(server: &Postgres, host: &str, more: &str) -> String {
    let port = server.address().port();
    format!("postgres://{ADMIN}:{ADMIN_PASSWORD}@{host}:{port}/postgres?{more}")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_and_each_mode_hold_under_tls() {
    let authority = Authority::new();
    let (certificate, key) = authority.sign("localhost", ExtendedKeyUsagePurpose::ServerAuth);
    let Some(server) = Postgres::start_with(Some((certificate.as_str(), key.as_str()))) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let ours = file("ours.crt", &authority.0.pem());
    let theirs = file("theirs.crt", &Authority::new().0.pem());
    let encrypted = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'driftmgr' AND ssl";
    for (host, more, under_tls) in [
        ("localhost", "sslmode=disable".to_owned(), Some("0")),
        ("localhost", "sslmode=prefer".to_owned(), Some("1")),
        ("localhost", String::new(), Some("1")),
        ("localhost", "sslmode=require".to_owned(), Some("1")),
        ("127.0.0.1", format!("sslrootcert={ours}"), Some("1")),
        (
            "localhost",
            format!("sslmode=require&sslrootcert={theirs}"),
            None,
        ),
        (
            "localhost",
            format!("sslmode=require&sslrootcert={ours}.absent"),
            Some("1"),
        ),
        (
            "localhost",
            format!("sslmode=prefer&sslrootcert={theirs}"),
            Some("1"),
        ),
        (
            "localhost",
            format!("sslmode=verify-ca&sslrootcert={theirs}"),
            None,
        ),
        (
            "localhost",
            "sslmode=verify-full&sslrootcert=system".to_owned(),
            None,
        ),
        (
            "127.0.0.1",
            format!("sslmode=verify-ca&sslrootcert={ours}"),
            Some("1"),
        ),
        (
            "127.0.0.1",
            format!("sslmode=verify-full&sslrootcert={ours}"),
            None,
        ),
        (
            "localhost",
            format!("sslmode=verify-full&sslrootcert={ours}&sslsni=0"),
            Some("1"),
        ),
    ] {
        let backend = open(&url(&server, host, &more));
        let read = get(&backend).await;
        let case = format!("{host} {more}");
        match under_tls {
            Some(expected) => {
                read.unwrap();
                assert_eq!(server.sql("postgres", encrypted), expected, "{case}");
            }
            None => {
                let error = read.unwrap_err();
                assert!(
                    error.to_string().contains("no safe connection"),
                    "{case}: {error}"
                );
                assert!(!format!("{error:?}").contains(ADMIN_PASSWORD), "{error:?}");
            }
        }
        drop(backend);
        until("it is closed", || server.sql("postgres", encrypted) == "0").await;
    }
    contract(
        &url(
            &server,
            "localhost",
            &format!("sslmode=verify-full&sslrootcert={ours}"),
        ),
        json!({}),
    )
    .await;
}

#[tokio::test]
async fn a_client_can_be_proven_by_its_certificate() {
    let authority = Authority::new();
    let (certificate, key) = authority.sign("localhost", ExtendedKeyUsagePurpose::ServerAuth);
    let Some(server) = Postgres::start_with(Some((certificate.as_str(), key.as_str()))) else {
        return;
    };
    let folder = server.sql("postgres", "SHOW data_directory");
    let hba = "hostssl all app 127.0.0.1/32 cert\nhost all all 127.0.0.1/32 scram-sha-256\n";
    let folder = std::path::Path::new(&folder);
    std::fs::write(folder.join("pg_hba.conf"), hba).unwrap();
    std::fs::write(folder.join("clients.crt"), authority.0.pem()).unwrap();
    server.sql("postgres", "CREATE ROLE app LOGIN");
    server.sql("postgres", "ALTER SYSTEM SET ssl_ca_file = 'clients.crt'");
    server.sql("postgres", "SELECT pg_reload_conf()");
    let (certificate, key) = authority.sign("app", ExtendedKeyUsagePurpose::ClientAuth);
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("me.crt"), &certificate).unwrap();
    std::fs::write(root.path().join("me.key"), &key).unwrap();
    let port = server.address().port();
    let words = format!("host=localhost port={port} user=app dbname=postgres");
    // Files are looked for beside the configuration; inline it is the PEM itself.
    let inline = format!("{words} sslinline=true sslcert='{certificate}' sslkey='{key}'");
    let files = format!("{words} sslcert=me.crt sslkey=me.key");
    for conn_str in [&files, &inline] {
        let mut spec = spec(conn_str, &json!({}));
        spec.root = root.path().to_owned();
        let backend: Arc<dyn Backend> = Arc::new(PgBackend::from_spec(&cx(), &spec).unwrap());
        let start = Instant::now();
        // The server takes its new settings when it has time.
        let read = loop {
            match get(&backend).await {
                Err(_) if start.elapsed() < Duration::from_secs(5) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                read => break read,
            }
        };
        assert_eq!(read.unwrap(), None);
        let shown = format!(
            "{:?}",
            PgConfig::from_spec(cx().environment(), &spec).unwrap()
        );
        assert!(!shown.contains("PRIVATE"), "{shown}");
    }
    let error = get(&open(&words)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error:?}");
}
