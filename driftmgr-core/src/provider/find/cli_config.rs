//! Terraform's and OpenTofu's CLI configuration, as far as it says where providers are installed.
//!
//! Credentials in it are passed over: they are in no value, no error and no `Debug` of this module.

use std::path::{Path, PathBuf};

use crate::address::ProviderSource;
use crate::cli_config::{Entry, Files, Node, Program, children, invalid, string};
use crate::env::Environment;
use crate::error::Result;

/// What the CLI configuration says about the places of providers. Empty where there is no such file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CliConfig {
    /// The file that `TF_CLI_CONFIG_FILE` names, when it does not exist.
    pub missing: Option<PathBuf>,
    /// The files that were read.
    pub files: Vec<PathBuf>,
    /// `plugin_cache_dir`, environment variables put in.
    pub plugin_cache_dir: Option<PathBuf>,
    /// `dev_overrides`: a folder with the binary, without version and hash check.
    pub dev_overrides: Vec<DevOverride>,
    /// The methods of `provider_installation`, in their order. `None` without such a block: then the implied mirrors count.
    pub methods: Option<Vec<InstallationMethod>>,
}

/// One entry of `dev_overrides`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DevOverride {
    /// The provider.
    pub source: ProviderSource,
    /// The folder with its binary, as written.
    pub folder: PathBuf,
    /// Where it stands.
    pub file: PathBuf,
    /// The line in it, from 1.
    pub line: usize,
}

/// One method of `provider_installation`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallationMethod {
    /// What it is.
    pub kind: MethodKind,
    /// The providers it may serve; empty means all.
    pub include: Vec<SourcePattern>,
    /// The providers it may not serve.
    pub exclude: Vec<SourcePattern>,
    /// Where it stands.
    pub file: PathBuf,
    /// The line in it, from 1.
    pub line: usize,
}

impl InstallationMethod {
    /// Whether this method may serve the provider.
    pub fn serves(&self, source: &ProviderSource) -> bool {
        let any = |patterns: &[SourcePattern]| patterns.iter().any(|p| p.matches(source));
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }
}

/// Where an installation method gets providers from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MethodKind {
    /// A folder, as written.
    FilesystemMirror(PathBuf),
    /// A server; never asked by this library.
    NetworkMirror,
    /// A container registry (OpenTofu); never asked by this library.
    OciMirror,
    /// The provider's own registry; never asked by this library.
    Direct,
}

/// A provider source in which parts may be `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourcePattern(ProviderSource);

impl SourcePattern {
    /// Reads `hashicorp/*`, `example.com/*/*` or `*/*`. Two parts are of Terraform's registry, but `*/*` too, as Terraform has it.
    fn parse(text: &str) -> Option<Self> {
        Some(Self(text.parse().ok()?))
    }

    /// Whether the source has these parts.
    pub fn matches(&self, source: &ProviderSource) -> bool {
        let part = |pattern: &str, text: &str| pattern == "*" || pattern == text;
        part(&self.0.host, &source.host)
            && part(&self.0.namespace, &source.namespace)
            && part(&self.0.provider_type, &source.provider_type)
    }
}

impl CliConfig {
    /// Reads the files that the program would read: `TF_CLI_CONFIG_FILE` alone when it is set, else the file in the home folder
    /// (`%APPDATA%` on Windows) and `*.tfrc` in the program's configuration folder.
    ///
    /// # Errors
    /// `InvalidConfig` with file and line for what cannot be read as such a configuration. A file that the variable names and that
    /// does not exist is no error; [`CliConfig::missing`] has it.
    pub fn load(environment: &Environment, program: Program) -> Result<Self> {
        let files = Files::read(environment, program)?;
        let mut config = Self {
            missing: files.missing,
            ..Self::default()
        };
        for (path, entries) in files.found {
            config.merge(&path, &entries, environment)?;
            config.files.push(path);
        }
        Ok(config)
    }

    fn merge(&mut self, path: &Path, entries: &[Entry], environment: &Environment) -> Result<()> {
        for entry in entries {
            match entry.name() {
                "plugin_cache_dir" => {
                    let folder = string(path, entry)?;
                    if self.plugin_cache_dir.is_none() && !folder.is_empty() {
                        self.plugin_cache_dir = Some(expand(folder, environment).into());
                    }
                }
                "provider_installation" => {
                    if self.methods.is_some() {
                        return Err(invalid(
                            path,
                            entry.line,
                            "there may be only one provider_installation block in all CLI configuration",
                        ));
                    }
                    self.methods = Some(Vec::new());
                    for method in children(path, entry)? {
                        self.merge_method(path, method)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn merge_method(&mut self, path: &Path, entry: &Entry) -> Result<()> {
        let kind = match entry.name() {
            "dev_overrides" => {
                for item in children(path, entry)? {
                    let source = item.name().parse().map_err(|_| {
                        invalid(
                            path,
                            item.line,
                            "dev_overrides has names like `hashicorp/aws`",
                        )
                    })?;
                    self.dev_overrides.push(DevOverride {
                        source,
                        folder: string(path, item)?.into(),
                        file: path.to_owned(),
                        line: item.line,
                    });
                }
                return Ok(());
            }
            "filesystem_mirror" => {
                let folder = argument(path, entry, "path")?.ok_or_else(|| {
                    invalid(path, entry.line, "a filesystem_mirror needs a `path`")
                })?;
                MethodKind::FilesystemMirror(string(path, folder)?.into())
            }
            "network_mirror" => MethodKind::NetworkMirror,
            "oci_mirror" => MethodKind::OciMirror,
            "direct" => MethodKind::Direct,
            _ => {
                return Err(invalid(
                    path,
                    entry.line,
                    "the installation methods are dev_overrides, filesystem_mirror, network_mirror, oci_mirror and direct",
                ));
            }
        };
        let method = InstallationMethod {
            kind,
            include: patterns(path, argument(path, entry, "include")?)?,
            exclude: patterns(path, argument(path, entry, "exclude")?)?,
            file: path.to_owned(),
            line: entry.line,
        };
        self.methods.get_or_insert_default().push(method);
        Ok(())
    }
}

fn argument<'a>(path: &Path, block: &'a Entry, name: &str) -> Result<Option<&'a Entry>> {
    Ok(children(path, block)?
        .into_iter()
        .find(|e| e.name() == name))
}

fn patterns(path: &Path, entry: Option<&Entry>) -> Result<Vec<SourcePattern>> {
    let Some(entry) = entry else {
        return Ok(Vec::new());
    };
    let wrong = || {
        invalid(
            path,
            entry.line,
            "include and exclude are lists of `namespace/type` or `host/namespace/type`, parts may be `*`",
        )
    };
    let Node::List(items) = &entry.value else {
        return Err(wrong());
    };
    items
        .iter()
        .map(|item| match item {
            Node::String(text) => SourcePattern::parse(text).ok_or_else(wrong),
            _ => Err(wrong()),
        })
        .collect()
}

/// Puts `$NAME` and `${NAME}` in, as both programs do with this one setting; unset names vanish.
fn expand(text: &str, environment: &Environment) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let (name, tail) = match after.strip_prefix('{').and_then(|a| a.split_once('}')) {
            Some(braced) => braced,
            None => {
                let end = after
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .unwrap_or(after.len());
                after.split_at(end)
            }
        };
        if name.is_empty() {
            out.push('$');
        }
        out.push_str(environment.get(name).unwrap_or_default());
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::TF_CLI_CONFIG_FILE;
    use crate::error::ErrorKind;

    fn read(text: &str) -> Result<CliConfig> {
        let environment = Environment::from_variables([("BASE", "/b")]).with_home("/home/u");
        let mut config = CliConfig::default();
        let path = Path::new("rc");
        config.merge(path, &crate::cli_config::parse(path, text)?, &environment)?;
        Ok(config)
    }

    const HCL: &str = r#"
plugin_cache_dir = "${BASE}/c/$BASE$"
credentials "app.terraform.io" {
  token = "hunter2"
}
provider_installation {
  dev_overrides {
    "hashicorp/null" = "/dev/null-provider"
  }
  filesystem_mirror {
    path    = "/mirror"
    include = ["example.com/*/*", "*/*/*"]
    exclude = ["hashicorp/aws"]
  }
  network_mirror { url = "https://m/" }
  direct {}
}
"#;

    #[test]
    fn reads_what_concerns_places() {
        let config = read(HCL).unwrap();
        assert_eq!(
            config.plugin_cache_dir.as_deref(),
            Some(Path::new("/b/c//b$"))
        );
        assert_eq!(
            config.dev_overrides[0].source,
            ProviderSource::implied("null")
        );
        assert_eq!(config.dev_overrides[0].line, 8);
        let methods = config.methods.as_ref().unwrap();
        assert_eq!(methods.len(), 3);
        assert_eq!(
            methods[0].kind,
            MethodKind::FilesystemMirror("/mirror".into())
        );
        assert!(methods[0].serves(&ProviderSource::implied("null")));
        assert!(!methods[0].serves(&ProviderSource::implied("aws")));
        assert_eq!(methods[2].kind, MethodKind::Direct);
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn json_says_the_same() {
        let json = r#"{
 "plugin_cache_dir": "${BASE}/c/$BASE$",
 "credentials": {"app.terraform.io": {"token": "hunter2"}},
 "provider_installation": [{"dev_overrides": {
   "hashicorp/null": "/dev/null-provider"}},
  {"filesystem_mirror": [{"path": "/mirror", "include": ["example.com/*/*", "*/*/*"], "exclude": ["hashicorp/aws"]}]},
  {"network_mirror": {"url": "https://m/"}}, {"direct": {}}]}"#;
        let (hcl, json) = (read(HCL).unwrap(), read(json).unwrap());
        let kinds = |c: &CliConfig| -> Vec<_> {
            c.methods
                .iter()
                .flatten()
                .map(|m| (m.kind.clone(), m.include.clone(), m.exclude.clone()))
                .collect()
        };
        assert_eq!(kinds(&json), kinds(&hcl));
        assert_eq!(json.plugin_cache_dir, hcl.plugin_cache_dir);
        assert_eq!(json.dev_overrides[0].folder, hcl.dev_overrides[0].folder);
    }

    #[test]
    fn patterns_of_two_parts_are_of_terraforms_registry() {
        let all = SourcePattern::parse("*/*").unwrap();
        assert!(all.matches(&ProviderSource::implied("aws")));
        assert!(!all.matches(&ProviderSource::new("example.com", "a", "b")));
        assert!(SourcePattern::parse("a/b/c/d").is_none());
    }

    #[test]
    fn errors_name_file_and_line() {
        for (text, line) in [
            ("a = 1\nprovider_installation {\n  fancy {}\n}", 3),
            ("provider_installation {\n  filesystem_mirror {}\n}", 2),
            (
                "provider_installation {\n dev_overrides {\n \"a/b/c/d\" = \"x\"\n}\n}",
                3,
            ),
            ("provider_installation {}\nprovider_installation {}", 2),
            ("provider_installation \"x\" {}", 1),
            ("plugin_cache_dir = 1", 1),
            (
                "provider_installation {\n direct {\n  include = \"x\"\n }\n}",
                3,
            ),
            ("credentials \"h\" {\n token = \"hunter2\n}", 2),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidConfig);
            assert_eq!(
                error.context_value("file"),
                Some(format!("rc:{line}").as_str()),
                "{text}"
            );
            assert!(!format!("{error:?}").contains("hunter2"));
        }
    }

    #[test]
    fn the_first_file_in_the_programs_order_counts() {
        let home = tempfile::tempdir().unwrap();
        let cache = |name: &str| format!("plugin_cache_dir = \"/{name}\"");
        std::fs::write(home.path().join(".terraformrc"), cache("terraform")).unwrap();
        std::fs::write(home.path().join(".tofurc"), cache("tofu")).unwrap();
        let env = Environment::default().with_home(home.path());
        let load = |env: &Environment, program| {
            CliConfig::load(env, program)
                .unwrap()
                .plugin_cache_dir
                .unwrap()
        };
        if cfg!(unix) {
            assert_eq!(load(&env, Program::Terraform), Path::new("/terraform"));
            assert_eq!(load(&env, Program::OpenTofu), Path::new("/tofu"));
        }
        let own = home.path().join("own.rc");
        std::fs::write(&own, cache("own")).unwrap();
        let chosen = env
            .clone()
            .with_variable(TF_CLI_CONFIG_FILE, own.display().to_string());
        assert_eq!(load(&chosen, Program::Terraform), Path::new("/own"));
        let missing = env.with_variable(TF_CLI_CONFIG_FILE, "/nowhere/rc");
        let config = CliConfig::load(&missing, Program::Terraform).unwrap();
        assert_eq!(config.missing, Some(PathBuf::from("/nowhere/rc")));
        assert_eq!(config.files, Vec::<PathBuf>::new());
    }

    #[test]
    fn fragments_of_the_configuration_folder_are_added() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(".terraform.d");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(
            folder.join("credentials.tfrc.json"),
            r#"{"credentials":{"h":{"token":"x"}}}"#,
        )
        .unwrap();
        std::fs::write(folder.join("a.tfrc"), "plugin_cache_dir = \"/frag\"").unwrap();
        std::fs::write(folder.join("other"), "{{{{").unwrap();
        if cfg!(unix) {
            let config = CliConfig::load(
                &Environment::default().with_home(home.path()),
                Program::Terraform,
            )
            .unwrap();
            assert_eq!(config.plugin_cache_dir.as_deref(), Some(Path::new("/frag")));
            assert_eq!(config.files.len(), 2);
        }
    }
}
