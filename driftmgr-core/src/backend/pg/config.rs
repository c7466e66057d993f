//! The arguments of a `pg` backend as both programs read them
//! (<https://developer.hashicorp.com/terraform/language/backend/pg>, <https://opentofu.org/docs/language/settings/backends/pg/>).

use super::server::Server;
use crate::backend::BackendSpec;
use crate::backend::arguments::Arguments;
use crate::env::{self, Environment};
use crate::error::Result;

/// Every argument. `table_name` and `index_name` are OpenTofu's.
const KNOWN: [&str; 7] = [
    "conn_str",
    "index_name",
    "schema_name",
    "skip_index_creation",
    "skip_schema_creation",
    "skip_table_creation",
    "table_name",
];

/// The arguments of a `pg` backend, defaults and variables put in. `Debug` shows no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PgConfig {
    pub(super) server: Server,
    pub(super) schema: String,
    pub(super) table: String,
    pub(super) index: String,
    /// What is made when a first state is written and it is not there.
    pub(super) create: Create,
}

/// What may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Create {
    pub(super) schema: bool,
    pub(super) table: bool,
    pub(super) index: bool,
}

impl PgConfig {
    /// Reads the arguments; those that are missing come from their `PG_*` variables, and what the connection string leaves open from
    /// libpq's own.
    ///
    /// # Errors
    /// `InvalidConfig` for an argument that is unknown or wrong, `Unsupported` for keywords of a connection that cannot be honoured.
    pub fn from_spec(environment: &Environment, spec: &BackendSpec) -> Result<Self> {
        let arguments = Arguments::of(spec, environment, &KNOWN)?;
        let name = |argument: &str, variable: &str, default: &str| -> Result<String> {
            let given = arguments.exact_text_or(argument, &[variable])?;
            let name = given.unwrap_or_else(|| default.to_owned());
            match name.is_empty() || name.contains('\0') {
                true => Err(arguments.invalid(format!("`{argument}` is no name in PostgreSQL"))),
                false => Ok(name),
            }
        };
        let skip = |argument: &str, variable: &str| -> Result<bool> {
            // What Go takes for yes and no.
            match arguments.text_or(argument, &[variable])?.as_deref() {
                None | Some("" | "0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
                Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
                Some(_) => Err(arguments
                    .invalid(format!("`{argument}` is neither true nor false"))
                    .with_hint(format!("look at the argument and at {variable}"))),
            }
        };
        let conn_str = arguments.exact_text_or("conn_str", &[env::PG_CONN_STR])?;
        let root = environment.current_dir().join(&spec.root);
        Ok(Self {
            server: Server::new(environment, &conn_str.unwrap_or_default(), &root)
                .map_err(|e| e.with("backend", &spec.origin))?,
            schema: name("schema_name", env::PG_SCHEMA_NAME, "terraform_remote_state")?,
            table: name("table_name", env::PG_TABLE_NAME, "states")?,
            index: name("index_name", env::PG_INDEX_NAME, "states_by_name")?,
            create: Create {
                schema: !skip("skip_schema_creation", env::PG_SKIP_SCHEMA_CREATION)?,
                table: !skip("skip_table_creation", env::PG_SKIP_TABLE_CREATION)?,
                index: !skip("skip_index_creation", env::PG_SKIP_INDEX_CREATION)?,
            },
        })
    }

    /// Where the states are, without who asks for them: server, database and table.
    pub fn location(&self) -> String {
        format!("{} {}.{}", self.server.place(), self.schema, self.table)
    }

    /// The table, quoted.
    pub(super) fn quoted_table(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.table))
    }
}

/// An identifier as SQL has it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
