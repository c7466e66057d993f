"""Layers over the backends of a client."""

from __future__ import annotations

from pathlib import Path

import pytest

import driftmgr
from driftmgr.exceptions import InvalidInputError, UnsupportedError


def test_a_client_that_only_reads_changes_no_state(quickstart: Path) -> None:
    client = driftmgr.Client(backend_options={"read_only": True})
    state = client.manage(quickstart)
    before = state.pull()
    with pytest.raises(UnsupportedError):
        state.rm(["local_file.page"])
    assert state.pull() == before
    metrics = client.backend_metrics()
    assert metrics.calls["local"]["read"].calls >= 2
    assert metrics.calls["local"]["read"].received >= 2 * len(before or b"")
    assert "write" not in metrics.calls["local"]


def test_options_that_mean_nothing_are_refused_by_name() -> None:
    with pytest.raises(InvalidInputError) as caught:
        driftmgr.Client(backend_options={"reed_only": True})
    assert "read_only" in caught.value.hints[0]
    secret = "hunter2-not-base64"
    with pytest.raises(InvalidInputError) as caught:
        driftmgr.Client(backend_options={"cache": {"disk": {"folder": "x", "key": secret}}})
    assert secret not in repr(caught.value) + str(caught.value)
    with pytest.raises(TypeError):
        driftmgr.Client(backend_options=[])  # type: ignore[arg-type]
