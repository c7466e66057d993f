"""A kind of backend of one's own: states in a folder of zip files, one for each workspace.

    python zip_backend.py FOLDER

opens the root module in FOLDER, whose `backend "zip" { folder = "…" }` block driftmgr does not know by itself, and lists what its state holds.
"""

from __future__ import annotations

import hashlib
import sys
import zipfile
from pathlib import Path
from typing import Any

import driftmgr
from driftmgr.exceptions import ConflictError, InvalidConfigError, UnsupportedError
from driftmgr.results import Capability, RawState, StateVersion, Written

ENTRY = "terraform.tfstate"


class ZipBackend:
    """Reads and writes; it cannot lock, and says so."""

    capability = Capability(write=True, lock=False, workspaces=True, versions=False, if_match=True, concurrency=4)

    def __init__(self, config: dict[str, Any], root: str) -> None:
        if "folder" not in config:
            raise InvalidConfigError("the backend has no folder", hints=['set `folder = "…"` in the backend block'])
        self.folder = Path(root) / config["folder"]
        self.location = str(self.folder)

    def workspaces(self) -> list[str]:
        names = {path.stem for path in self.folder.glob("*.zip")}
        return ["default", *sorted(names - {"default"})]

    def read(self, workspace: str, version: str | None, /) -> RawState | None:
        try:
            with zipfile.ZipFile(self.folder / f"{workspace}.zip") as file:
                data = file.read(ENTRY)
        except FileNotFoundError:
            return None
        return RawState(bytes=data, etag=hashlib.sha256(data).hexdigest())

    def versions(self, workspace: str, /) -> list[StateVersion]:
        raise UnsupportedError("a zip file holds one version")

    def write(self, workspace: str, data: bytes, /, *, if_match: str | None, lock: str | None) -> Written:
        there = self.read(workspace, None)
        if if_match is not None and if_match != (driftmgr.ABSENT if there is None else there.etag):
            raise ConflictError("the state was changed since it was read")
        self.folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(self.folder / f"{workspace}.zip", "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr(ENTRY, data)
        return Written(etag=hashlib.sha256(data).hexdigest(), version=None, backup=None)

    def delete(self, workspace: str, /, *, if_match: str | None, lock: str | None) -> None:
        (self.folder / f"{workspace}.zip").unlink(missing_ok=True)

    def lock(self, workspace: str, info: dict[str, Any], /) -> str:
        raise UnsupportedError("a zip file cannot be locked")

    def unlock(self, workspace: str, lock: str, /) -> None:
        raise UnsupportedError("a zip file cannot be locked")


client = driftmgr.Client(backends={"zip": ZipBackend})

if __name__ == "__main__":
    for address in client.open(sys.argv[1]).state.list():
        print(address)
