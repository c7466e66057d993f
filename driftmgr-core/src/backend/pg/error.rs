//! What PostgreSQL's answers mean (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).

use tokio_postgres::error::{DbError, SqlState};

use super::config::{PgConfig, quoted};
use crate::error::{Error, ErrorKind, Retry};
use crate::redact::MASK;

/// A server's own words are cut after so many characters.
const WORDS_LIMIT: usize = 300;

/// What was wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Connect,
    Read,
    List,
    Lock,
    Unlock,
    Write,
    Delete,
    CreateSchema,
    CreateSequence,
    CreateTable,
    CreateIndex,
}

impl Action {
    fn words(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Read => "read the state",
            Self::List => "list the workspaces",
            Self::Lock => "lock the state",
            Self::Unlock => "unlock the state",
            Self::Write => "write the state",
            Self::Delete => "delete the state",
            Self::CreateSchema => "create the schema of the states",
            Self::CreateSequence => "create the sequence of the states' numbers",
            Self::CreateTable => "create the table of the states",
            Self::CreateIndex => "create the index of the states",
        }
    }

    /// What the user has to be granted for it. Whether schema or table refused can be told by the server's words only.
    fn right(self, config: &PgConfig, refusal: &str) -> String {
        let user = quoted(&config.server.user);
        let (schema, table) = (quoted(&config.schema), config.quoted_table());
        let of_schema = refusal.contains("schema");
        match self {
            Self::Connect => format!(
                "GRANT CONNECT ON DATABASE {} TO {user}",
                quoted(&config.server.database)
            ),
            Self::Read | Self::List | Self::Lock | Self::Unlock if of_schema => {
                format!("GRANT USAGE ON SCHEMA {schema} TO {user}")
            }
            Self::Read | Self::List | Self::Lock | Self::Unlock => {
                format!("GRANT SELECT ON {table} TO {user}")
            }
            Self::Write | Self::Delete if of_schema => {
                format!("GRANT USAGE ON SCHEMA {schema} TO {user}")
            }
            Self::Write if refusal.contains("sequence") => {
                format!("GRANT USAGE ON SEQUENCE public.global_states_id_seq TO {user}")
            }
            Self::Write => format!("GRANT SELECT, INSERT, UPDATE ON {table} TO {user}"),
            Self::Delete => format!("GRANT SELECT, UPDATE, DELETE ON {table} TO {user}"),
            Self::CreateSchema => format!(
                "GRANT CREATE ON DATABASE {} TO {user}",
                quoted(&config.server.database)
            ),
            Self::CreateSequence => format!("GRANT CREATE ON SCHEMA public TO {user}"),
            Self::CreateTable => format!("GRANT CREATE, USAGE ON SCHEMA {schema} TO {user}"),
            Self::CreateIndex => format!("ALTER TABLE {table} OWNER TO {user}"),
        }
    }
}

/// True when there is no session any more: the server ended it, or nobody is there.
pub(super) fn is_lost(error: &tokio_postgres::Error) -> bool {
    match error.as_db_error() {
        Some(refused) => ended(refused.code()),
        None => error.is_closed() || of_class(error, "error communicating"),
    }
}

/// The server ends the session with these.
fn ended(code: &SqlState) -> bool {
    [
        &SqlState::ADMIN_SHUTDOWN,
        &SqlState::CRASH_SHUTDOWN,
        &SqlState::IDLE_SESSION_TIMEOUT,
        &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    ]
    .contains(&code)
        || code.code().starts_with("08")
}

/// The client has no other way to tell what failed than its sentence.
fn of_class(error: &tokio_postgres::Error, class: &str) -> bool {
    error.to_string().starts_with(class)
}

/// The error of something that failed.
pub(super) fn failed(config: &PgConfig, action: Action, error: &tokio_postgres::Error) -> Error {
    let failure = match error.as_db_error() {
        Some(refused) => refusal(config, action, refused),
        None => without_answer(config, action, error),
    };
    failure.with("server", config.server.place())
}

fn without_answer(config: &PgConfig, action: Action, error: &tokio_postgres::Error) -> Error {
    let cause = shown(config, &root_cause(error));
    if of_class(error, "error performing TLS") {
        let failure = Error::new(
            ErrorKind::Unavailable,
            format!("no safe connection could be made: {cause}"),
        )
        .with_retry(Retry::Never);
        return match cause.contains("does not support TLS") {
            true => failure.with_hint(
                "`sslmode=disable` in `conn_str` connects in the clear, `prefer` if it has to be",
            ),
            false => failure
                .with_hint("compare `sslmode` and `sslrootcert` with the server's certificate"),
        };
    }
    // A password that is asked for and not there is an error of the client's own settings.
    if of_class(error, "authentication error") || of_class(error, "invalid configuration") {
        return Error::new(
            ErrorKind::Unauthenticated,
            format!("the user cannot be proven to the server: {cause}"),
        )
        .with("user", shown(config, &config.server.user))
        .with_hint(password_hint(config));
    }
    if of_class(error, "error connecting") || action == Action::Connect {
        return Error::new(
            ErrorKind::Unavailable,
            format!("the server cannot be reached: {cause}"),
        )
        .with_hint(
            "see whether `conn_str` names the right host and port and the network lets you through",
        );
    }
    if is_lost(error) {
        return Error::new(
            ErrorKind::Unavailable,
            format!("the connection was lost: {cause}"),
        );
    }
    Error::new(
        ErrorKind::Unexpected,
        format!("cannot {}: {cause}", action.words()),
    )
}

fn password_hint(config: &PgConfig) -> &'static str {
    match config.server.has_password() {
        true => "the password may be wrong or no longer valid",
        false => "give a password in `conn_str`, in PGPASSWORD or in a file `.pgpass`",
    }
}

fn refusal(config: &PgConfig, action: Action, refused: &DbError) -> Error {
    let code = refused.code();
    let wanted = action.words();
    let words = shown(config, refused.message());
    let make =
        |kind: ErrorKind, message: String| Error::new(kind, message).with("code", code.code());
    let quoted_words = |error: Error| error.with("answer", &words);
    let class = code.code().get(..2).unwrap_or_default();
    match code.code() {
        "28P01" | "28000" => quoted_words(
            make(
                ErrorKind::Unauthenticated,
                "the server does not accept the user".to_owned(),
            )
            .with("user", shown(config, &config.server.user)),
        )
        .with_hint(password_hint(config)),
        "3D000" => make(
            ErrorKind::NotFound,
            format!(
                "there is no database `{}`",
                shown(config, &config.server.database)
            ),
        )
        .with_hint("name another one in `conn_str`, or create it"),
        "42501" => quoted_words(make(
            ErrorKind::PermissionDenied,
            format!("the user is not allowed to {wanted}"),
        ))
        .with_hint(action.right(config, refused.message())),
        "42704" | "22023" if action == Action::Connect => make(
            ErrorKind::InvalidConfig,
            "the server does not know some parameter of the connection, or not with this value"
                .to_owned(),
        )
        .with_hint("look at the keywords of `conn_str` and at PGOPTIONS"),
        "25006" => quoted_words(make(
            ErrorKind::PermissionDenied,
            format!("the server takes no changes and did not {wanted}"),
        ))
        .with_hint("connect to the primary, for example by `target_session_attrs=read-write`"),
        "42P01" | "3F000" => make(
            ErrorKind::NotFound,
            format!("there is no table {} to {wanted}", config.quoted_table()),
        )
        .with_hint("create it, or let it be created without `skip_schema_creation` and `skip_table_creation`"),
        "42703" | "42809" | "42804" | "42P10" => quoted_words(make(
            ErrorKind::InvalidConfig,
            format!("{} is no table of states", config.quoted_table()),
        ))
        .with_hint("a table of states has the columns id, name (unique) and data"),
        // The server's sentence shows the bytes that it cannot keep.
        "22021" | "22P05" => make(
            ErrorKind::InvalidInput,
            "the database's encoding has no place for some character of the state".to_owned(),
        )
        .with_hint("use a database with the encoding UTF8"),
        "53300" => quoted_words(make(
            ErrorKind::RateLimited,
            "the server has too many connections".to_owned(),
        )),
        "57014" => quoted_words(make(
            ErrorKind::Timeout,
            format!("the server took too long to {wanted}"),
        )),
        "55P03" | "40P01" | "40001" => quoted_words(make(
            ErrorKind::Unavailable,
            format!("others were in the way to {wanted}"),
        )),
        _ if class == "54" => quoted_words(make(
            ErrorKind::InvalidInput,
            format!("it is too large for the server to {wanted}"),
        )),
        _ if matches!(class, "08" | "53" | "57" | "58" | "XX") => quoted_words(make(
            ErrorKind::Unavailable,
            format!("the server failed to {wanted}"),
        )),
        // Errors of data quote the data.
        _ if class == "22" || class == "23" => make(
            ErrorKind::Unexpected,
            format!("the server did not {wanted}"),
        ),
        _ => quoted_words(make(
            ErrorKind::Unexpected,
            format!("the server did not {wanted}"),
        )),
    }
}

/// A sentence in one line, secrets masked before it is cut: half a secret is not found.
pub(super) fn shown(config: &PgConfig, text: &str) -> String {
    let secrets = config.server.secrets.expose();
    let masked = secrets.iter().fold(text.to_owned(), |text, secret| {
        text.replace(secret.as_str(), MASK)
    });
    let line = masked.lines().next().unwrap_or_default().trim();
    line.chars()
        .filter(|c| !c.is_control())
        .take(WORDS_LIMIT)
        .collect()
}

fn root_cause(error: &tokio_postgres::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
