"""Fleets for the engines, which are installed in an environment of their own: `cargo xtask fleet`."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import fleets
import pytest
from fleets import Fleet

# Without an engine, pytest finds no tests here and says so.
collect_ignore = [f"test_{name}.py" for name, module in (("ray", "ray"), ("spark", "pyspark")) if importlib.util.find_spec(module) is None]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    return fleets.make(tmp_path_factory.mktemp("fleet"), 12)


@pytest.fixture
def out(tmp_path: Path) -> str:
    """Where workers write."""
    return os.fspath(tmp_path / "out")
