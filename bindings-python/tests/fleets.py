"""Fleets of states for tests: some in sync, some drifted, some that cannot be read."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from driftmgr import fleet

EXAMPLE = Path(os.environ.get("DRIFTMGR_REPOSITORY") or Path(__file__).parents[2]) / "examples/quickstart"
SECRET = "hunter2-of-the-fleet"


@dataclass(frozen=True)
class Fleet:
    """Targets in folders of their own, and inputs that go wrong each in its way."""

    folder: Path
    good: Sequence[str]
    bad: Sequence[str | None]

    @property
    def inputs(self) -> list[str | None]:
        """All of them, the bad ones in between."""
        return [*self.good[:3], *self.bad, *self.good[3:]]

    @property
    def pairs(self) -> list[tuple[str | None, str | None]]:
        """Each with the next one."""
        return list(zip(self.inputs, self.inputs[1:], strict=False))

    def asked(self) -> list[tuple[fleet.Job, Sequence[Any]]]:
        """Every job with its inputs."""
        drift = fleet.Drift(options={"plugins": False})
        return [(fleet.Parse(), self.inputs), (fleet.Health(), self.inputs), (fleet.Compare(), self.pairs), (drift, self.inputs)]


def make(folder: Path, count: int) -> Fleet:
    """Copies of the quick start, no two of them alike: in each, one file less than the state says than in the one before."""
    good = []
    for number in range(count):
        target = folder / f"team-{number:03}"
        shutil.copytree(EXAMPLE, target)
        state = json.loads((target / "terraform.tfstate").read_text())
        state |= {"serial": number, "lineage": f"lineage-{number}"}
        state["resources"][0]["instances"][0]["attributes"]["sensitive_content"] = f"{SECRET}-{number}"
        (target / "terraform.tfstate").write_text(json.dumps(state))
        for gone in ("about.html", "index.html", "robots.txt")[: number % 4]:
            (target / "public" / gone).unlink()
        good.append(os.fspath(target / "terraform.tfstate"))
    broken = folder / "broken.tfstate"
    broken.write_text('{"version": 4, "serial": ')
    plan = folder / "plan.tfstate"
    plan.write_text('{"format_version": "1.2", "planned_values": {}}')
    return Fleet(folder, good, [os.fspath(broken), os.fspath(plan), os.fspath(folder / "missing.tfstate"), None, "https://example.invalid/a.tfstate"])


def by_input(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows in an order that does not depend on who made them."""
    return sorted(rows, key=lambda row: json.dumps([row.get(name) for name in ("input", "before", "after")]))
