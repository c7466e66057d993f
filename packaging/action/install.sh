#!/usr/bin/env bash
# Installs driftmgr into an environment of its own and puts it on the path of the steps that follow.
set -euo pipefail
home="${RUNNER_TEMP:?}/driftmgr-environment"
python3 -m venv "$home"
"$home/bin/python" -m pip install --quiet --disable-pip-version-check "${INPUT_PACKAGE:?}"
mkdir -p "$home/path"
ln -sf "$home/bin/driftmgr" "$home/path/driftmgr"
echo "$home/path" >>"${GITHUB_PATH:?}"
"$home/bin/driftmgr" --version
