use std::fs;
use std::io::Write;

use super::*;
use crate::env::{
    DRIFTMGR_CACHE_DIR, Environment, TF_CLI_CONFIG_FILE, TF_DATA_DIR, TF_PLUGIN_CACHE_DIR,
};
use crate::provider::find::hash::h1_of_folder;

/// A root module, a home and a cache of their own, so that no provider of the machine is seen.
struct Setting {
    dir: tempfile::TempDir,
    environment: Environment,
}

impl Setting {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["root", "home", "cache"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        let environment = Environment::default()
            .with_home(dir.path().join("home"))
            .with_current_dir(dir.path())
            .with_variable(
                DRIFTMGR_CACHE_DIR,
                dir.path().join("cache").display().to_string(),
            )
            .with_variable(
                "XDG_DATA_DIRS",
                dir.path().join("share").display().to_string(),
            );
        Self { dir, environment }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.environment = self.environment.with_variable(name, value);
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Puts an unpacked provider into a tree; answers with its hash.
    fn install(&self, tree: &str, source: &str, version: &str) -> String {
        let source: ProviderSource = source.parse().unwrap();
        let folder = self
            .path(tree)
            .join(source.to_string())
            .join(version)
            .join(platform());
        fs::create_dir_all(&folder).unwrap();
        let name = format!("terraform-provider-{}_v{version}_x5", source.provider_type);
        fs::write(folder.join(name), format!("binary {version}")).unwrap();
        fs::write(folder.join("LICENSE"), "MPL").unwrap();
        h1_of_folder(&self.cx(), &folder).unwrap()
    }

    fn lock(&self, source: &str, version: &str, hashes: &[&str]) {
        let hashes: Vec<String> = hashes.iter().map(|h| format!("{h:?}")).collect();
        let source: ProviderSource = source.parse().unwrap();
        let text = format!(
            "# lock\nprovider \"{source}\" {{\n  version = \"{version}\"\n  hashes = [{}]\n}}\n",
            hashes.join(", ")
        );
        fs::write(self.path("root").join(LOCK_FILE), text).unwrap();
    }

    fn cli(self, text: &str) -> Self {
        let path = self.path("rc");
        fs::write(&path, text).unwrap();
        let path = path.display().to_string();
        self.with(TF_CLI_CONFIG_FILE, &path)
    }

    fn cx(&self) -> Context {
        Context::new(self.environment.clone())
    }

    fn request(&self) -> SearchRequest {
        SearchRequest::new("root", ProviderSource::implied("time"))
    }

    fn find(&self) -> Result<Found> {
        Ok(locate(&self.cx(), &self.request())?.unwrap())
    }

    fn version(&self) -> String {
        self.find().unwrap().version.unwrap().to_string()
    }
}

const INSTALLED: &str = "root/.terraform/providers";

#[test]
fn the_locked_version_is_taken_and_its_hash_checked() {
    let s = Setting::new();
    s.install(INSTALLED, "time", "0.15.0");
    let hash = s.install(INSTALLED, "time", "0.14.2");
    s.lock("time", "0.14.2", &["h1:other=", &hash, "zh:00"]);
    let found = s.find().unwrap();
    assert_eq!(found.version, Some(Version::new(0, 14, 2)));
    assert_eq!(found.verified, Verified::Lock);
    assert_eq!(found.hash.as_deref(), Some(hash.as_str()));
    assert!(found.path.ends_with("terraform-provider-time_v0.14.2_x5"));
    assert!(found.path.starts_with(s.path(INSTALLED)));
}

#[test]
fn a_changed_package_is_refused_and_both_hashes_are_named() {
    let s = Setting::new();
    let hash = s.install(INSTALLED, "time", "0.14.2");
    s.lock("time", "0.14.2", &[&hash]);
    let binary = s.find().unwrap().path;
    fs::write(&binary, "malice").unwrap();
    // A right one elsewhere does not excuse it.
    let s = s.with(TF_PLUGIN_CACHE_DIR, "../cache2");
    assert_eq!(s.install("cache2", "time", "0.14.2"), hash);
    let error = s.find().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let now = h1_of_folder(&s.cx(), binary.parent().unwrap()).unwrap();
    assert_eq!(error.context_value("its hash"), Some(now.as_str()));
    assert_eq!(error.context_value("listed there"), Some(hash.as_str()));
    assert!(
        error
            .context_value("lock file")
            .unwrap()
            .ends_with(".terraform.lock.hcl:2")
    );
    assert_eq!(
        error.context_value("file"),
        Some(binary.parent().unwrap().to_str().unwrap())
    );
}

#[test]
fn hashes_of_zips_alone_do_not_admit_a_folder() {
    let s = Setting::new();
    s.install(INSTALLED, "time", "0.14.2");
    s.lock("time", "0.14.2", &["zh:00"]);
    assert_eq!(s.find().unwrap_err().kind(), ErrorKind::Conflict);
    s.lock("time", "0.14.2", &[]);
    assert!(matches!(s.find().unwrap().verified, Verified::Unlocked(w) if w.contains("no hashes")));
}

#[test]
fn without_a_lock_the_newest_that_fits_runs_with_a_warning() {
    let s = Setting::new();
    for version in ["0.9.0", "0.10.0", "0.11.0-beta1", "1.0.0"] {
        s.install(INSTALLED, "time", version);
    }
    assert_eq!(s.version(), "1.0.0");
    assert!(
        matches!(s.find().unwrap().verified, Verified::Unlocked(w) if w.contains("no .terraform.lock.hcl"))
    );
    let mut request = s.request();
    request.constraints = "~> 0.9".parse().unwrap();
    let found = locate(&s.cx(), &request).unwrap().unwrap();
    assert_eq!(found.version.unwrap().to_string(), "0.10.0");
    request.at_least = Some(Version::new(0, 10, 1));
    let error = locate(&s.cx(), &request).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(
        error
            .to_string()
            .contains("has only 1.0.0, 0.11.0-beta1, 0.10.0, 0.9.0"),
        "{error}"
    );
}

#[test]
fn places_are_searched_in_order() {
    // Each place gets a version of its own; with every step the first one is taken away.
    let s = Setting::new().cli(
        "plugin_cache_dir = \"../pc\"\nprovider_installation {\n filesystem_mirror {\n path = \"../m1\"\n exclude = [\"hashicorp/aws\"]\n }\n filesystem_mirror { path = \"../m2\" }\n direct {}\n}",
    );
    let trees = [
        (INSTALLED, "0.0.1"),
        ("pc", "0.0.2"),
        ("m1", "0.0.3"),
        ("m2", "0.0.4"),
    ];
    for (tree, version) in trees {
        s.install(tree, "time", version);
    }
    for (tree, version) in trees {
        assert_eq!(s.version(), version);
        fs::remove_dir_all(s.path(tree)).unwrap();
    }
    // Explicit methods switch the implied mirrors off.
    s.install("root/terraform.d/plugins", "time", "0.0.5");
    let error = s.find().unwrap_err();
    assert!(error.to_string().contains("direct ("), "{error}");
    assert!(error.hints().iter().any(|h| h.contains("terraform init")));
    assert!(error.hints().iter().any(|h| h.contains("providers mirror")));
}

#[test]
fn the_implied_mirrors_and_the_variables() {
    let s = Setting::new().with("XDG_DATA_HOME", "/nowhere");
    s.install("home/.terraform.d/plugins", "time", "0.0.2");
    assert!(!cfg!(unix) || s.version() == "0.0.2");
    s.install("root/terraform.d/plugins", "time", "0.0.1");
    assert_eq!(s.version(), "0.0.1");
    let s = s
        .with(TF_PLUGIN_CACHE_DIR, "../pc")
        .with(TF_DATA_DIR, "../data");
    s.install("pc", "time", "0.0.3");
    assert_eq!(s.version(), "0.0.3");
    s.install("data/providers", "time", "0.0.4");
    assert_eq!(s.version(), "0.0.4");
}

#[test]
fn what_the_user_names_wins_unchecked() {
    let s = Setting::new()
        .cli("provider_installation {\n dev_overrides {\n \"hashicorp/time\" = \"../dev\"\n }\n}");
    s.install(INSTALLED, "time", "0.14.2");
    s.lock("time", "0.14.2", &["h1:other="]);
    fs::create_dir(s.path("dev")).unwrap();
    let error = s.find().unwrap_err();
    assert!(
        error
            .message()
            .contains("no file called terraform-provider-time"),
        "{error}"
    );
    for name in [
        "terraform-provider-timex",
        "terraform-provider-time_v2",
        "terraform-provider-time.exe",
    ] {
        fs::write(s.path("dev").join(name), "").unwrap();
    }
    let found = s.find().unwrap();
    assert_eq!(
        (found.verified, found.version),
        (Verified::DevOverride, None)
    );
    assert!(
        found.path.ends_with("terraform-provider-time.exe"),
        "the first by name"
    );
    let mut request = s.request();
    request
        .settings
        .insert(request.source.clone(), "own".into());
    assert_eq!(
        locate(&s.cx(), &request).unwrap_err().kind(),
        ErrorKind::NotFound
    );
    fs::write(s.path("own"), "").unwrap();
    let found = locate(&s.cx(), &request).unwrap().unwrap();
    assert_eq!(
        (found.verified, found.path),
        (Verified::Setting, s.path("own"))
    );
}

#[test]
fn a_packed_mirror_is_checked_and_unpacked_once() {
    let s = Setting::new();
    let folder = s.path("root/terraform.d/plugins/registry.terraform.io/hashicorp/time");
    fs::create_dir_all(&folder).unwrap();
    let zip = folder.join(format!("terraform-provider-time_0.14.2_{}.zip", platform()));
    let pack = |binary: &str| {
        let mut writer = zip::ZipWriter::new(fs::File::create(&zip).unwrap());
        writer
            .start_file(
                "terraform-provider-time_v0.14.2",
                zip::write::SimpleFileOptions::default(),
            )
            .unwrap();
        writer.write_all(binary.as_bytes()).unwrap();
        writer.finish().unwrap();
    };
    pack("binary");
    let zh = zh_of_zip(&s.cx(), &zip).unwrap();
    let h1 = h1_of_zip(&s.cx(), &zip).unwrap();
    for hashes in [[zh.as_str()], [h1.as_str()]] {
        s.lock("time", "0.14.2", &hashes);
        let found = s.find().unwrap();
        assert_eq!(found.verified, Verified::Lock);
        assert!(found.path.starts_with(s.path("cache")));
        assert_eq!(fs::read(&found.path).unwrap(), b"binary");
        assert_eq!(found.hash.as_deref(), Some(h1.as_str()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(
                fs::metadata(&found.path).unwrap().permissions().mode() & 0o777,
                0o755
            );
        }
    }
    // What somebody changed in the cache is not run.
    let path = s.find().unwrap().path;
    fs::write(&path, "malice").unwrap();
    assert_eq!(fs::read(s.find().unwrap().path).unwrap(), b"binary");
    pack("other");
    assert_eq!(s.find().unwrap_err().kind(), ErrorKind::Conflict);
}

#[test]
fn a_zip_that_reaches_out_of_its_folder_is_refused() {
    let s = Setting::new();
    let folder = s.path("root/terraform.d/plugins/registry.terraform.io/hashicorp/time");
    fs::create_dir_all(&folder).unwrap();
    let zip = folder.join(format!("terraform-provider-time_0.14.2_{}.zip", platform()));
    let mut writer = zip::ZipWriter::new(fs::File::create(&zip).unwrap());
    writer
        .start_file(
            "../../terraform-provider-time",
            zip::write::SimpleFileOptions::default(),
        )
        .unwrap();
    writer.finish().unwrap();
    let error = s.find().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfig);
    assert_eq!(error.context_value("file"), Some(zip.to_str().unwrap()));
}

#[test]
fn the_twin_registry_is_told_and_never_taken() {
    let s = Setting::new();
    s.install(INSTALLED, "registry.opentofu.org/hashicorp/time", "0.14.2");
    let error = s.find().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let told = |h: &String| h.contains("registry.opentofu.org/hashicorp/time 0.14.2");
    assert!(error.hints().iter().any(told), "{:?}", error.hints());
}

#[test]
fn the_built_in_provider_has_no_binary() {
    let s = Setting::new();
    let request = SearchRequest::new("root", ProviderSource::implied("terraform"));
    assert_eq!(locate(&s.cx(), &request).unwrap(), None);
}

#[tokio::test]
async fn the_async_search_can_be_cancelled() {
    let s = Setting::new();
    s.install(INSTALLED, "time", "0.14.2");
    assert!(find(&s.cx(), s.request()).await.unwrap().is_some());
    let cx = s.cx();
    cx.cancellation().cancel();
    assert_eq!(
        find(&cx, s.request()).await.unwrap_err().kind(),
        ErrorKind::Cancelled
    );
}

/// The real program installs our packages and writes the lock file; both must agree with what is read here.
#[test]
fn what_terraform_locks_is_found_verified() {
    let Ok(version) = std::process::Command::new("terraform")
        .arg("version")
        .output()
    else {
        assert!(std::env::var_os("CI").is_none(), "terraform is missing");
        println!("skipped: no terraform on the PATH");
        return;
    };
    assert!(version.status.success());
    for packed in [false, true] {
        let s = Setting::new();
        let h1 = s.install("mirror", "time", "0.14.2");
        s.install("mirror", "time", "0.13.0");
        let tree = s.path("mirror/registry.terraform.io/hashicorp/time");
        let unpacked = tree.join("0.14.2").join(platform());
        if packed {
            let zip = tree.join(format!("terraform-provider-time_0.14.2_{}.zip", platform()));
            let mut writer = zip::ZipWriter::new(fs::File::create(&zip).unwrap());
            for name in ["LICENSE", "terraform-provider-time_v0.14.2_x5"] {
                writer
                    .start_file(name, zip::write::SimpleFileOptions::default())
                    .unwrap();
                writer
                    .write_all(&fs::read(unpacked.join(name)).unwrap())
                    .unwrap();
            }
            writer.finish().unwrap();
            fs::remove_dir_all(tree.join("0.14.2")).unwrap();
        } else {
            fs::create_dir(unpacked.join("docs")).unwrap();
            fs::write(unpacked.join("docs/a.md"), "text").unwrap();
        }
        fs::write(
            s.path("root/main.tf"),
            "terraform {\n  required_providers {\n    time = {\n      source  = \"hashicorp/time\"\n      version = \"~> 0.13, != 0.15\"\n    }\n  }\n}\n",
        )
        .unwrap();
        let s = s.cli("provider_installation {\n  filesystem_mirror {\n    path    = \"../mirror\"\n    include = [\"*/*\"]\n  }\n}\n");
        let init = std::process::Command::new("terraform")
            .args(["init", "-no-color"])
            .current_dir(s.path("root"))
            .env(TF_CLI_CONFIG_FILE, s.path("rc"))
            .env("CHECKPOINT_DISABLE", "1")
            .env_remove(TF_DATA_DIR)
            .env_remove(TF_PLUGIN_CACHE_DIR)
            .output()
            .unwrap();
        assert!(
            init.status.success(),
            "{}",
            String::from_utf8_lossy(&init.stderr)
        );
        let lock = LockFile::load(&s.path("root")).unwrap().unwrap();
        let locked = lock.provider(&ProviderSource::implied("time")).unwrap();
        let found = s.find().unwrap();
        assert_eq!(found.verified, Verified::Lock);
        assert_eq!(locked.hashes, [found.hash.clone().unwrap()]);
        assert_eq!(found.version.as_ref(), Some(&locked.version));
        assert!(locked.constraints.admits(&locked.version));
        assert!(
            found.path.starts_with(s.path(INSTALLED)),
            "{:?}",
            found.path
        );
        // Terraform's own hash of the zip is that of the folder.
        assert_eq!(packed, found.hash == Some(h1));
        fs::remove_dir_all(s.path(INSTALLED)).unwrap();
        assert_eq!(
            s.find().unwrap().verified,
            Verified::Lock,
            "from the mirror itself"
        );
        let line = fs::read_to_string(&lock.path)
            .unwrap()
            .lines()
            .nth(locked.line - 1)
            .unwrap()
            .to_owned();
        assert!(line.starts_with("provider "), "{line}");
    }
}
