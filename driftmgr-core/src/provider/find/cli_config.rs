//! Terraform's and OpenTofu's CLI configuration, as far as it says where providers are installed.
//!
//! Credentials in it are passed over: they are in no value, no error and no `Debug` of this module.

use std::path::{Path, PathBuf};

use super::rc::{self, Entry, Node};
use crate::address::ProviderSource;
use crate::env::{Environment, TF_CLI_CONFIG_FILE};
use crate::error::{Error, ErrorKind, Result};

/// Which program's files are looked for first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// `~/.terraformrc`, then OpenTofu's.
    Terraform,
    /// `~/.tofurc`, then Terraform's, as OpenTofu does.
    OpenTofu,
}

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
        let mut config = Self::default();
        // The second name is the older one; both programs still know it.
        for variable in [TF_CLI_CONFIG_FILE, "TERRAFORM_CONFIG"] {
            if let Some(path) = environment.get(variable) {
                let path = environment.current_dir().join(path);
                if !config.merge_file(&path, environment)? {
                    // Terraform warns, and goes on without any configuration.
                    config.missing = Some(path);
                }
                return Ok(config);
            }
        }
        for path in candidates(environment, program) {
            if config.merge_file(&path, environment)? {
                break;
            }
        }
        if let Some(folder) = configuration_folder(environment) {
            for path in fragments(&folder) {
                config.merge_file(&path, environment)?;
            }
        }
        Ok(config)
    }

    /// Adds a file's settings; false when it does not exist.
    fn merge_file(&mut self, path: &Path, environment: &Environment) -> Result<bool> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(e) => return Err(Error::io("read the CLI configuration", path, e)),
        };
        self.merge_text(path, &text, environment)?;
        self.files.push(path.to_owned());
        Ok(true)
    }

    fn merge_text(&mut self, path: &Path, text: &str, environment: &Environment) -> Result<()> {
        let entries = rc::parse(text).map_err(|e| invalid(path, e.line, e.reason))?;
        for entry in &entries {
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

fn invalid(path: &Path, line: usize, reason: &str) -> Error {
    Error::new(
        ErrorKind::InvalidConfig,
        format!("the CLI configuration cannot be used: {reason}"),
    )
    .with("file", format!("{}:{line}", path.display()))
}

/// The entries in a block. JSON may spell a block as a list of objects.
fn children<'a>(path: &Path, entry: &'a Entry) -> Result<Vec<&'a Entry>> {
    fn collect<'a>(node: &'a Node, into: &mut Vec<&'a Entry>) -> bool {
        match node {
            Node::Object(entries) => {
                into.extend(entries);
                true
            }
            Node::List(items) => items.iter().all(|item| collect(item, into)),
            _ => false,
        }
    }
    let mut found = Vec::new();
    if entry.keys.len() > 1 || !collect(&entry.value, &mut found) {
        return Err(invalid(
            path,
            entry.line,
            "a block without labels must stand here",
        ));
    }
    Ok(found)
}

fn argument<'a>(path: &Path, block: &'a Entry, name: &str) -> Result<Option<&'a Entry>> {
    Ok(children(path, block)?
        .into_iter()
        .find(|e| e.name() == name))
}

fn string<'a>(path: &Path, entry: &'a Entry) -> Result<&'a str> {
    match &entry.value {
        Node::String(text) => Ok(text),
        _ => Err(invalid(path, entry.line, "a string must stand here")),
    }
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

/// The main file; the first that exists counts.
fn candidates(environment: &Environment, program: Program) -> Vec<PathBuf> {
    let (folder, names) = if cfg!(windows) {
        (
            environment.get("APPDATA").map(PathBuf::from),
            ["terraform.rc", "tofu.rc"],
        )
    } else {
        (
            environment.home().map(Path::to_owned),
            [".terraformrc", ".tofurc"],
        )
    };
    let mut names = names.to_vec();
    if program == Program::OpenTofu {
        names.reverse();
    }
    let mut paths: Vec<PathBuf> = folder
        .iter()
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .collect();
    if let Some(xdg) = environment.get("XDG_CONFIG_HOME") {
        paths.push(Path::new(xdg).join("opentofu").join("tofurc"));
    }
    paths
}

/// `~/.terraform.d`, `%APPDATA%\terraform.d` on Windows.
pub(super) fn configuration_folder(environment: &Environment) -> Option<PathBuf> {
    if cfg!(windows) {
        Some(Path::new(environment.get("APPDATA")?).join("terraform.d"))
    } else {
        Some(environment.home()?.join(".terraform.d"))
    }
}

/// `*.tfrc` and `*.tfrc.json` of a folder, in name order.
fn fragments(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.ends_with(".tfrc") || name.ends_with(".tfrc.json")
        })
        .collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<CliConfig> {
        let environment = Environment::from_variables([("BASE", "/b")]).with_home("/home/u");
        let mut config = CliConfig::default();
        config.merge_text(Path::new("rc"), text, &environment)?;
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
