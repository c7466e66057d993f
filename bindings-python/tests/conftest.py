"""The project's own example as a folder of the test, and realities that take their time."""

from __future__ import annotations

import importlib.util
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fleets
import pytest
from fleets import Fleet

import driftmgr

# The suite runs against the installed package, from wherever it is started.
REPOSITORY = Path(os.environ.get("DRIFTMGR_REPOSITORY") or Path(__file__).parents[2])

# Engines are installed in an environment of their own: `cargo xtask fleet`.
ENGINES = {"ray": "ray", "spark": "pyspark", "delta": "deltalake"}
collect_ignore = [f"engines/test_{name}.py" for name, module in ENGINES.items() if importlib.util.find_spec(module) is None]


class Slow(driftmgr.Reality):
    """Answers when it is let go, with what the state says."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self.go = threading.Event()

    def observe(self, address: str, attributes: dict[str, Any]) -> dict[str, Any] | None:
        self.asked.release()
        self.go.wait(30)
        return attributes


@pytest.fixture
def quickstart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example, whose state and files differ, as the working folder."""
    folder = tmp_path / "quickstart"
    shutil.copytree(REPOSITORY / "examples/quickstart", folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def stack(quickstart: Path) -> Iterator[driftmgr.Stack]:
    with driftmgr.open(".") as stack:
        yield stack


@pytest.fixture
def report(stack: driftmgr.Stack) -> driftmgr.DriftReport:
    return stack.detect_drift(plugins=False)


@pytest.fixture
def slow() -> Iterator[Slow]:
    slow = Slow()
    yield slow
    slow.go.set()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """A fleet that tests do not change."""
    return fleets.make(tmp_path_factory.mktemp("fleet"), 12)


@pytest.fixture
def out(tmp_path: Path) -> str:
    """Where workers write."""
    return os.fspath(tmp_path / "out")
