"""Columns of tables, and the one place that knows whether this build has tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import _native
from .exceptions import UnsupportedError

# What is neither text, a count nor a flag stands in a table as JSON.
OBJECTS: Sequence[tuple[str, str]] = (
    ("address", "text"),
    ("mode", "text"),
    ("type", "text"),
    ("name", "text"),
    ("module", "text"),
    ("key", "text"),
    ("deposed", "text"),
    ("provider", "text"),
    ("status", "text"),
    ("schema_version", "count"),
    ("bytes", "count"),
    ("has_secrets", "flag"),
    ("create_before_destroy", "flag"),
    ("dependencies", "text"),
)

STATES: Sequence[tuple[str, str]] = (
    ("name", "text"),
    ("bytes", "count"),
    ("format_version", "count"),
    ("terraform_version", "text"),
    ("serial", "count"),
    ("lineage", "text"),
    ("resources", "count"),
    ("data_sources", "count"),
    ("instances", "count"),
    ("outputs", "count"),
    ("health_score", "count"),
    ("health_band", "text"),
    ("age", "text"),
)


def stream(rows: Sequence[dict[str, Any]], columns: Sequence[tuple[str, str]]) -> object:
    """The rows as an Arrow C stream capsule."""
    table = getattr(_native, "table", None)
    if table is None:
        raise missing()
    return table(list(rows), list(columns))


def missing() -> UnsupportedError:
    return UnsupportedError(
        "this build of driftmgr has no tables",
        hints=["build it with the cargo feature `columnar`, as the published wheels are"],
    )
