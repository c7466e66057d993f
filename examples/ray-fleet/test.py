"""Runs the job on a cluster of this machine: one state in sync, one drifted, one broken."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet

HERE = Path(__file__).parent
# Ray keeps to the loopback interface when it believes that there is no cluster.
LOCAL = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_USAGE_STATS_ENABLED": "0", "RAY_enable_metrics_collection": "0"}


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        states, out = Path(name) / "states", Path(name) / "out"
        shutil.copytree(HERE.parent / "quickstart", states / "site")
        (states / "broken.tfstate").write_text("{")
        command = [sys.executable, HERE / "drift_check.py", "--no-plugins", states, out]
        told = subprocess.run(command, env=os.environ | LOCAL, capture_output=True, text=True, check=False)
        assert told.returncode == 1, told
        assert "2 states: 0 in sync, 1 drifted, 0 open, 1 not read" in told.stdout, told
        assert f"{states}/broken.tfstate: truncated" in told.stdout, told
        rows = pyarrow.parquet.read_table(out).to_pylist()
        assert sorted((row["exit"], row["deleted"]) for row in rows if row["error"] is None) == [(2, 2)]


if __name__ == "__main__":
    main()
