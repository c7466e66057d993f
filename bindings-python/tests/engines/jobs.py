"""Jobs that show what becomes of workers. Clusters get them by value, since no worker has this module."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from driftmgr import fleet
from driftmgr.fleet._job import Cells, Row


@dataclass(frozen=True, kw_only=True)
class Witnessed(fleet.Health):
    """Writes down which process looked at an input; the first that is given ``deadly`` is killed over it."""

    folder: str
    deadly: str | None = None

    def _found(self, cells: Cells) -> Row:
        folder = Path(self.folder)
        (folder / f"worker-{os.getpid()}").touch()
        if cells[0] == self.deadly and not (folder / "killed").exists():
            (folder / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super()._found(cells)


@dataclass(frozen=True, kw_only=True)
class Unprivileged(fleet.Health):
    """Reads without the rights of a superuser, who may read everything."""

    def _found(self, cells: Cells) -> Row:
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        try:
            return super()._found(cells)
        finally:
            os.seteuid(user)


def workers(folder: Path) -> set[int]:
    """The processes that wrote themselves down."""
    return {int(each.name.removeprefix("worker-")) for each in folder.glob("worker-*")}
