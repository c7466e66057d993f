"""Recorded runs: keeping a report, and asking what all of them say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Self, Unpack

from . import _native, _options
from ._options import CallOptions, Seconds, StrPath
from .report import DriftReport
from .results import History, Pruned, Recorded
from .stack import Stack

__all__ = ["RunHistory"]


def _age(name: str, value: Seconds | datetime) -> float:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{name} must have a time zone")
        value = max((datetime.now(UTC) - value).total_seconds(), 0.0)
    return _options.seconds(name, value)


def _report(report: DriftReport) -> _native.Report:
    if not isinstance(report, DriftReport):
        raise TypeError(f"report must be a DriftReport, not {type(report).__name__}")
    return report._native


class RunHistory:
    """Runs that are kept over time, in one file and without any attribute value."""

    __slots__ = ("_native",)

    def __init__(self, native: _native.History) -> None:
        self._native = native

    @classmethod
    def open(cls, file: StrPath | None = None, *, existing: bool = False, **options: Unpack[CallOptions]) -> Self:
        """Opens the file, or makes it; the user's own when none is named. With ``existing`` it has to be there."""
        terms = _options.terms(options, where="open")
        path = _options.optional(_options.path, "file", file)
        return cls(_native.History.open(path, _options.flag("existing", existing), terms).wait())

    @classmethod
    async def open_async(cls, file: StrPath | None = None, *, existing: bool = False, **options: Unpack[CallOptions]) -> Self:
        """:meth:`open`, for an event loop."""
        terms = _options.terms(options, where="open_async")
        path = _options.optional(_options.path, "file", file)
        return cls(await _native.History.open(path, _options.flag("existing", existing), terms))

    def record(self, report: DriftReport, stacks: Iterable[Stack], **options: Unpack[CallOptions]) -> Recorded:
        """Keeps what a run found. ``stacks`` are those that were looked at: they tell which objects were in sync.

        Raises ``InvalidInputError`` for a report that was read back, ``LockedError`` when other programs keep the file busy.
        """
        terms = _options.terms(options, where="record")
        natives = [stack._native for stack in stacks]
        return Recorded.from_dict(self._native.record(_report(report), natives, terms).wait())

    async def record_async(self, report: DriftReport, stacks: Iterable[Stack], **options: Unpack[CallOptions]) -> Recorded:
        """:meth:`record`, for an event loop."""
        terms = _options.terms(options, where="record_async")
        natives = [stack._native for stack in stacks]
        return Recorded.from_dict(await self._native.record(_report(report), natives, terms))

    def ask(
        self,
        targets: Iterable[StrPath] = (),
        *,
        since: Seconds | datetime | None = None,
        addresses: Iterable[str] = (),
        **options: Unpack[CallOptions],
    ) -> History:
        """What the recorded runs say: since when each finding is there, how often it came and went, what tends to drift next.

        ``since`` is a time, or how long ago: nothing that was over before. With ``addresses`` the answer has a timeline of each.
        """
        terms = _options.terms(options, where="ask")
        return History.from_dict(self._native.ask(*_question(targets, since, addresses), terms).wait())

    async def ask_async(
        self,
        targets: Iterable[StrPath] = (),
        *,
        since: Seconds | datetime | None = None,
        addresses: Iterable[str] = (),
        **options: Unpack[CallOptions],
    ) -> History:
        """:meth:`ask`, for an event loop."""
        terms = _options.terms(options, where="ask_async")
        return History.from_dict(await self._native.ask(*_question(targets, since, addresses), terms))

    def prune(self, age: Seconds | datetime, **options: Unpack[CallOptions]) -> Pruned:
        """Forgets the runs that ended before a time, or longer ago than that, but for the last run of each state."""
        terms = _options.terms(options, where="prune")
        return Pruned.from_dict(self._native.prune(_age("age", age), terms).wait())

    async def prune_async(self, age: Seconds | datetime, **options: Unpack[CallOptions]) -> Pruned:
        """:meth:`prune`, for an event loop."""
        terms = _options.terms(options, where="prune_async")
        return Pruned.from_dict(await self._native.prune(_age("age", age), terms))


def _question(targets: Iterable[StrPath], since: Seconds | datetime | None, addresses: Iterable[str]) -> tuple[list[str], float | None, list[str]]:
    return (
        _options.paths("targets", targets),
        None if since is None else _age("since", since),
        _options.texts("addresses", addresses),
    )
