"""Checks of files before a commit. They look at nothing but the files: no network, no provider."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys

COMMAND = [sys.executable, "-m", "driftmgr"]


def settings(file: str) -> str | None:
    """What is wrong with a file of settings."""
    run = subprocess.run([*COMMAND, "config", "validate", "--", file], capture_output=True, text=True, check=False)
    return run.stderr.strip() if run.returncode else None


def state(file: str, *, no_secrets: bool) -> str | None:
    """What is wrong with a state."""
    # As a file it would be looked for from the working folder of a root module; the bytes are all that counts here.
    with open(file, "rb") as content:
        words = ["state", "analyze", "--offline", "--format", "json", "--file", "-"]
        run = subprocess.run([*COMMAND, *words], stdin=content, capture_output=True, text=True, check=False)
    if run.returncode == 1:
        return f"{file}: {run.stderr.strip()}"
    found = json.loads(run.stdout)["analysis"]
    secrets = found["instances_with_secrets"] + found["sensitive_outputs"]
    if no_secrets and secrets:
        return f"{file}: holds {secrets} instances and outputs with secrets; keep it in a backend, not in a repository"
    return None


def main() -> int:
    parser = argparse.ArgumentParser(prog="driftmgr-hook")
    parser.add_argument("check", choices=("settings", "states"))
    parser.add_argument("--no-secrets", action="store_true", help="refuse states that hold secrets")
    parser.add_argument("files", nargs="*")
    given = parser.parse_intermixed_args()
    told = [settings(file) if given.check == "settings" else state(file, no_secrets=given.no_secrets) for file in given.files]
    found = [each for each in told if each]
    print("\n".join(found), file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
