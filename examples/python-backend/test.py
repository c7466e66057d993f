"""Moves the quick start's state into the backend, and asks the folder that uses it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from zip_backend import client  # noqa: E402

import driftmgr  # noqa: E402


def main() -> None:
    state = (HERE.parent / "quickstart/terraform.tfstate").read_bytes()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "main.tf").write_text('terraform {\n  backend "zip" {\n    folder = "states"\n  }\n}\n')
        backend = client.backend("zip", {"folder": "states"}, root=folder)
        assert backend.read() is None
        backend.write(state, if_match=driftmgr.ABSENT)
        stored = backend.read()
        assert stored is not None
        assert stored.bytes == state
        listed = subprocess.run([sys.executable, str(HERE / "zip_backend.py"), name], capture_output=True, text=True, check=True)
        assert listed.stdout.split() == driftmgr.State.parse(state).list()


if __name__ == "__main__":
    main()
