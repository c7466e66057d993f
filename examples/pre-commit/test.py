"""Commits good and bad files in a repository that uses the hooks, with the real pre-commit.

DRIFTMGR_WHEELS is the folder with the built wheel: the hooks are installed from it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOOKS = HERE.parent.parent / "packaging/pre-commit"
STATE = HERE.parent / "quickstart/terraform.tfstate"


class Repository:
    """A repository in a folder of its own, that knows no settings of whoever runs this."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.environment = dict(
            os.environ,
            HOME=str(home),
            PRE_COMMIT_HOME=os.environ.get("PRE_COMMIT_HOME", str(home / "hooks")),
            PIP_FIND_LINKS=os.environ["DRIFTMGR_WHEELS"],
            GIT_CONFIG_GLOBAL=os.devnull,
            GIT_CONFIG_NOSYSTEM="1",
            **{f"GIT_{role}_{what}": "test@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        )
        folder.mkdir()
        self.run("git", "init", "-q", "-b", "main")

    def run(self, *words: str, code: int = 0) -> str:
        done = subprocess.run(words, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def commit(self, *, refused: bool = False) -> str:
        self.run("git", "add", "--all")
        return self.run("git", "commit", "-q", "-m", "change", code=1 if refused else 0)


def published(folder: Path, home: Path) -> Repository:
    """The repository of the hooks, as it is published: what lies in packaging, and a tag."""
    hooks = Repository(folder, home)
    for file in HOOKS.iterdir():
        if file.is_file():
            shutil.copy(file, hooks.folder)
    hooks.commit()
    hooks.run("git", "tag", "v0.1.0")
    return hooks


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        hooks = published(root / "hooks", root)
        user = Repository(root / "user", root)
        config = (HERE / ".pre-commit-config.yaml").read_text()
        address = "https://github.com/driftmgr/driftmgr-pre-commit"
        assert address in config
        (user.folder / ".pre-commit-config.yaml").write_text(config.replace(address, hooks.folder.as_uri()))
        user.run(sys.executable, "-m", "pre_commit", "install")
        user.commit()

        settings = user.folder / "infra/driftmgr.yaml"
        settings.parent.mkdir()
        settings.write_text("drift:\n  paralelism: 4\n")
        told = user.commit(refused=True)
        assert "infra/driftmgr.yaml:2:3" in told, told
        assert "did you mean `drift.parallelism`?" in told, told
        settings.write_text("drift:\n  parallelism: 4\n")
        user.commit()

        state = user.folder / "old.tfstate"
        state.write_bytes(STATE.read_bytes()[:-200])
        told = user.commit(refused=True)
        assert "old.tfstate" in told, told
        assert "truncated" in told, told
        state.write_bytes(STATE.read_bytes())
        told = user.commit(refused=True)
        assert "holds 4 instances and outputs with secrets" in told, told
        text = STATE.read_text()
        state.write_text(text[: text.index('"outputs"')] + '"outputs": {}, "resources": [], "check_results": null}\n')
        user.commit()
        assert user.run("git", "status", "--porcelain") == ""


if __name__ == "__main__":
    main()
