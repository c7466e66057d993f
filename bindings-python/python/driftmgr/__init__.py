"""Is this Terraform or OpenTofu state still true?

    import driftmgr

    with driftmgr.open("./infra") as stack:
        report = stack.detect_drift(timeout=60)
        for finding in report.visible:
            print(finding.address, finding.kind, finding.severity)
        for left_out in report.not_looked_at:
            print("not looked at:", left_out.address, left_out.reason)

Results are frozen records (:mod:`driftmgr.results`), errors a tree of exceptions (:mod:`driftmgr.exceptions`), and reports are tables for pandas,
polars, pyarrow and DuckDB. Nothing is ever changed in your cloud; stored states change when :class:`ManagedState` is told to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Unpack

from . import _native, exceptions, results
from ._options import CallOptions, ChangeOptions, DriftOptions, OnEvent, Seconds, StrPath
from ._rows import Rows
from ._tables import states_table
from .backends import ABSENT, Backend, BackendHandle
from .client import Client, Survey, default_client
from .exceptions import DriftmgrError
from .history import RunHistory
from .managed import ManagedState
from .reality import Reality
from .report import Baseline, DriftReport, DriftStream, Explanation, Plan, Snapshot
from .results import Check, Event, Finding, NotLookedAt, Summary, Version
from .settings import Settings
from .stack import Stack
from .state import State

__all__ = [
    "ABSENT",
    "Backend",
    "BackendHandle",
    "Baseline",
    "CallOptions",
    "ChangeOptions",
    "Check",
    "Client",
    "DriftOptions",
    "DriftReport",
    "DriftStream",
    "DriftmgrError",
    "Event",
    "Explanation",
    "Finding",
    "ManagedState",
    "NotLookedAt",
    "OnEvent",
    "Plan",
    "Reality",
    "Rows",
    "RunHistory",
    "Seconds",
    "Settings",
    "Snapshot",
    "Stack",
    "State",
    "StrPath",
    "Summary",
    "Survey",
    "Version",
    "__version__",
    "exceptions",
    "open",
    "open_async",
    "results",
    "states_table",
    "version",
]


def version() -> Version:
    """What this build is."""
    return Version.from_dict(_native.version())


__version__: str = version().version


def open(
    target: StrPath,
    *,
    workspace: str | None = None,
    variables: Mapping[str, Any] | None = None,
    variable_files: Iterable[StrPath] = (),
    backend_config: Iterable[StrPath] = (),
    **options: Unpack[CallOptions],
) -> Stack:
    """Opens the folder of a root module, a state file, or the address of a state, with default settings: :meth:`Client.open`."""
    return default_client().open(
        target, workspace=workspace, variables=variables, variable_files=variable_files, backend_config=backend_config, **options
    )


async def open_async(
    target: StrPath,
    *,
    workspace: str | None = None,
    variables: Mapping[str, Any] | None = None,
    variable_files: Iterable[StrPath] = (),
    backend_config: Iterable[StrPath] = (),
    **options: Unpack[CallOptions],
) -> Stack:
    """:func:`open`, for an event loop."""
    return await default_client().open_async(
        target, workspace=workspace, variables=variables, variable_files=variable_files, backend_config=backend_config, **options
    )
