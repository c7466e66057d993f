use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::env::Environment;

fn environment(variables: &[(&str, &str)]) -> Environment {
    let variables = variables.iter().map(|(k, v)| (*k, *v));
    Environment::from_variables(variables).with_variable("USER", "somebody")
}

fn read(variables: &[(&str, &str)], arguments: Value) -> Result<PgConfig> {
    let arguments: BTreeMap<String, Value> = serde_json::from_value(arguments).unwrap();
    let spec = BackendSpec::from_block("pg", arguments, "main.tf:3");
    PgConfig::from_spec(&environment(variables), &spec)
}

fn of(conn_str: &str) -> Result<PgConfig> {
    read(&[], json!({"conn_str": conn_str}))
}

#[test]
fn without_a_word_it_is_the_programs_table_on_this_machine() {
    let config = read(&[], json!({})).unwrap();
    assert_eq!(
        config.location(),
        "postgres://localhost:5432/somebody terraform_remote_state.states"
    );
    assert_eq!(config.index, "states_by_name");
    let create = config.create;
    assert!(create.schema && create.table && create.index);
    assert_eq!(config.server.tls.mode, super::tls::Mode::Require);
}

#[test]
fn arguments_win_over_their_variables() {
    let variables = [
        ("PG_CONN_STR", "postgres://me@there/states"),
        ("PG_SCHEMA_NAME", "s"),
        ("PG_TABLE_NAME", "t"),
        ("PG_INDEX_NAME", "i"),
        ("PG_SKIP_SCHEMA_CREATION", "TRUE"),
        ("PG_SKIP_TABLE_CREATION", "1"),
        ("PG_SKIP_INDEX_CREATION", "false"),
    ];
    let config = read(&variables, json!({})).unwrap();
    assert_eq!(config.location(), "postgres://there:5432/states s.t");
    assert_eq!(config.index, "i");
    let create = config.create;
    assert_eq!(
        (create.schema, create.table, create.index),
        (false, false, true)
    );
    let given = json!({
        "conn_str": "dbname=other host=here", "schema_name": "x\"y", "table_name": "z", "skip_schema_creation": false,
        "skip_index_creation": "true",
    });
    let config = read(&variables, given).unwrap();
    assert_eq!(config.location(), "postgres://here:5432/other x\"y.z");
    assert_eq!(config.quoted_table(), "\"x\"\"y\".\"z\"");
    let create = config.create;
    assert_eq!(
        (create.schema, create.table, create.index),
        (true, false, false)
    );
}

#[test]
fn a_connection_is_completed_by_the_variables_of_libpq() {
    let variables = [
        ("PGHOST", "env.example"),
        ("PGPORT", "6000"),
        ("PGUSER", "env"),
        ("PGPASSWORD", "hunter2"),
        ("PGDATABASE", "base"),
        ("PGAPPNAME", "ci"),
        ("PGSSLMODE", "disable"),
        ("PGCONNECT_TIMEOUT", "7"),
        ("PGTARGETSESSIONATTRS", "read-write"),
        ("PGOPTIONS", "-c geqo=off"),
    ];
    let place = |conn_str: &str| {
        let config = read(&variables, json!({"conn_str": conn_str})).unwrap();
        format!("{}@{}", config.server.user, config.server.place())
    };
    assert_eq!(place(""), "env@postgres://env.example:6000/base");
    assert_eq!(place("host=h"), "env@postgres://h:6000/base");
    assert_eq!(place("postgres://me@h:1/db"), "me@postgres://h:1/db");
    assert_eq!(place("host=a,b port=1,2"), "env@postgres://a:1,b:2/base");
    // The address is where to; the name is whom to expect there.
    assert_eq!(
        place("hostaddr=::1"),
        "env@postgres://env.example:6000/base"
    );
    assert_eq!(
        place("host=::1 hostaddr=::1"),
        "env@postgres://[::1]:6000/base"
    );
    let server = read(&variables, json!({})).unwrap().server;
    let made = server.connection();
    assert_eq!(made.get_password(), Some(&b"hunter2"[..]));
    assert_eq!(made.get_application_name(), Some("ci"));
    assert_eq!(made.get_connect_timeout().unwrap().as_secs(), 7);
    assert_eq!(made.get_options(), Some("-c geqo=off"));
    let parameters = of("host=h user=me search_path='a b' statement_timeout=5").unwrap();
    let options = parameters.server.connection();
    assert_eq!(
        options.get_options(),
        Some("-c search_path=a\\ b -c statement_timeout=5")
    );
}

#[test]
fn a_service_and_a_file_of_passwords_complete_it_too() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        path
    };
    put(".pgpass", "svc.example:5432:states:me:hunter2\n");
    put(
        ".pg_service.conf",
        "[mine]\nhost=svc.example\nuser=me\ndbname=states\nsslmode=disable\n",
    );
    let spec = |conn_str: &str| {
        let arguments = BTreeMap::from([("conn_str".to_owned(), json!(conn_str))]);
        BackendSpec::from_block("pg", arguments, "main.tf:3")
    };
    let environment = environment(&[("PGUSER", "not me")]).with_home(folder.path());
    let config = PgConfig::from_spec(&environment, &spec("service=mine")).unwrap();
    assert_eq!(config.server.place(), "postgres://svc.example:5432/states");
    assert_eq!(config.server.user, "me");
    assert!(config.server.has_password());
    let other = PgConfig::from_spec(&environment, &spec("service=mine dbname=other")).unwrap();
    assert!(!other.server.has_password());
    let error = PgConfig::from_spec(&environment, &spec("service=yours")).unwrap_err();
    assert!(error.to_string().contains("no service `yours`"), "{error}");
}

#[test]
fn what_is_wrong_or_not_supported_is_named() {
    use ErrorKind::{InvalidConfig, Unsupported};
    for (conn_str, kind, part) in [
        ("mysql://h/db", InvalidConfig, "neither postgres://"),
        ("host=h,i port=1,2,3", InvalidConfig, "different numbers"),
        ("port=x", InvalidConfig, "`port`"),
        ("hostaddr=h", InvalidConfig, "`hostaddr`"),
        ("connect_timeout=soon", InvalidConfig, "`connect_timeout`"),
        ("sslmode=always", InvalidConfig, "`sslmode`"),
        ("sslmode=allow", Unsupported, "sslmode=allow"),
        (
            "sslmode=require sslrootcert=system",
            InvalidConfig,
            "verify-full",
        ),
        ("sslcert=x", InvalidConfig, "no key"),
        ("sslcrl=x", Unsupported, "`sslcrl`"),
        ("sslpassword=x", Unsupported, "`sslpassword`"),
        ("krbsrvname=x", Unsupported, "`krbsrvname`"),
        (
            "channel_binding=require",
            Unsupported,
            "channel_binding=require",
        ),
        ("client_encoding=LATIN1", InvalidConfig, "UTF8"),
        (
            "target_session_attrs=standby",
            Unsupported,
            "target_session_attrs",
        ),
        (
            "sslmode=disable sslnegotiation=direct",
            InvalidConfig,
            "sslnegotiation",
        ),
        ("gssencmode=require", Unsupported, "gssencmode"),
        ("a;b=c", InvalidConfig, "`a;b`"),
    ] {
        let error = of(conn_str).unwrap_err();
        assert_eq!(error.kind(), kind, "{conn_str}: {error}");
        assert!(error.to_string().contains(part), "{conn_str}: {error}");
        assert_eq!(error.context_value("backend"), Some("main.tf:3"));
    }
    let error = read(&[("PGSSLCRL", "x")], json!({})).unwrap_err();
    assert!(error.to_string().contains("`PGSSLCRL`"), "{error}");
    let error = read(&[("PG_SKIP_TABLE_CREATION", "maybe")], json!({})).unwrap_err();
    assert!(
        error.hints()[0].contains("PG_SKIP_TABLE_CREATION"),
        "{error:?}"
    );
    let error = read(&[], json!({"schema_nam": "x"})).unwrap_err();
    assert!(error.hints()[0].contains("schema_name"), "{error:?}");
    let error = read(&[], json!({"schema_name": ""})).unwrap_err();
    assert_eq!(error.kind(), InvalidConfig);
}

#[test]
fn over_a_socket_there_is_no_tls_and_no_server_waits_for_ever() {
    let config = of("host=/var/run/postgresql sslmode=require").unwrap();
    assert_eq!(config.server.tls.mode, super::tls::Mode::Disable);
    assert_eq!(config.server.connect_timeout.unwrap().as_secs(), 30);
    assert_eq!(
        of("connect_timeout=0").unwrap().server.connect_timeout,
        None
    );
}

#[test]
fn only_text_is_written() {
    assert_eq!(text(b"{}").unwrap(), "{}");
    for bytes in [&b""[..], b"\xff", b"a\0b"] {
        assert_eq!(text(bytes).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}

proptest! {
    #[test]
    fn no_debug_shows_a_password(password in "[a-zA-Z0-9]{12,20}") {
        for conn_str in [
            format!("postgres://me:{password}@h/db"),
            format!("host=h user=me password={password}"),
        ] {
            let config = of(&conn_str).unwrap();
            let shown = format!("{config:?} {}", config.location());
            prop_assert!(!shown.contains(&password));
            let backend = PgBackend::new(config);
            let shown = format!("{backend:?}");
            prop_assert!(!shown.contains(&password));
        }
    }
}
