"""Runs the gate on the quick start, which has drifted, and on a folder that has not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent


def run(folder: Path, *words: str, summary: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ, DRIFTMGR_PLUGINS="false")
    environment.pop("GITHUB_STEP_SUMMARY", None)
    if summary:
        environment["GITHUB_STEP_SUMMARY"] = str(summary)
    command = [sys.executable, str(HERE / "gate.py"), *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "quickstart"
        shutil.copytree(HERE.parent / "quickstart", folder)
        summary = folder / "summary.md"
        drifted = run(folder, ".", summary=summary)
        assert drifted.returncode == 2, drifted
        assert 'module.site.local_file.page["index"]' in drifted.stdout
        assert "local_file" in summary.read_text()
        assert run(folder, "--fail-on", "critical", ".").returncode == 0
        missing = run(folder, "nowhere")
        assert missing.returncode == 1, missing
        assert "hint:" in missing.stderr
        state = (folder / "terraform.tfstate").read_text()
        (folder / "empty.tfstate").write_text(state[: state.index('"resources"')] + '"resources": []}')
        assert run(folder, "empty.tfstate").returncode == 0


if __name__ == "__main__":
    main()
