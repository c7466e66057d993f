"""Backends: what moves the bytes of states. They know locking and versions, never what the bytes mean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Protocol, Unpack

from . import _native, _options
from ._options import CallOptions
from .results import BackendInfo, Capability, RawState, StateVersion, Written

__all__ = ["ABSENT", "Backend", "BackendHandle"]

ABSENT: Final = ""
"""For ``if_match``: there must be no state."""


class Backend(Protocol):
    """A kind of backend that is written in Python; ``Client(backends={"vault": make})`` takes what makes one.

    The methods are called from other threads, several at a time. What they raise becomes the exception of the call: one of
    :mod:`driftmgr.exceptions` as it is, and a built-in one by its meaning (``FileNotFoundError``, ``PermissionError``, ``TimeoutError``).
    What a method does not support raises ``UnsupportedError``.
    """

    location: str
    """Where it keeps states, for people; without secrets."""
    capability: Capability
    """What it can do."""

    def workspaces(self) -> Sequence[str]:
        """The workspaces that exist, ``default`` first and always there, the others sorted."""
        ...

    def read(self, workspace: str, version: str | None, /) -> RawState | bytes | None:
        """The bytes of a state; ``None`` when there is none."""
        ...

    def versions(self, workspace: str, /) -> Sequence[StateVersion]:
        """The versions that can still be read, newest first."""
        ...

    def write(self, workspace: str, data: bytes, /, *, if_match: str | None, lock: str | None) -> Written | None:
        """Replaces the bytes of a state. ``if_match`` is an etag, or :data:`ABSENT`; ``lock`` the id of the lock that the caller holds."""
        ...

    def delete(self, workspace: str, /, *, if_match: str | None, lock: str | None) -> None:
        """Removes a state. Removing what is not there is no error."""
        ...

    def lock(self, workspace: str, info: dict[str, Any], /) -> str:
        """Takes the lock or raises ``LockedError`` at once; answers with its id, which is ``info["ID"]`` where the backend can keep it."""
        ...

    def unlock(self, workspace: str, lock: str, /) -> None:
        """Gives the lock back. Raises ``ConflictError`` when this is not the lock that is held."""
        ...


def _raw(state: tuple[bytes, str | None, str | None, datetime | None] | None) -> RawState | None:
    if state is None:
        return None
    data, etag, version, modified = state
    return RawState(bytes=data, etag=etag, version=version, modified=modified)


def _version(version: tuple[str, datetime | None, int | None, bool]) -> StateVersion:
    name, modified, size, latest = version
    return StateVersion(id=name, modified=modified, size=size, latest=latest)


def _written(written: tuple[str | None, str | None, str | None]) -> Written:
    etag, version, backup = written
    return Written(etag=etag, version=version, backup=backup)


class BackendHandle:
    """An opened backend. :meth:`driftmgr.Client.backend` makes one."""

    __slots__ = ("_native",)

    def __init__(self, native: _native.BackendHandle) -> None:
        self._native = native

    @property
    def info(self) -> BackendInfo:
        """What it is and where."""
        return BackendInfo.from_dict(self._native.info)

    @property
    def capability(self) -> Capability:
        """What it can do."""
        return Capability.from_dict(self._native.capability)

    def workspaces(self, **options: Unpack[CallOptions]) -> list[str]:
        """The workspaces that exist, ``default`` first."""
        return self._native.workspaces(_options.terms(options, where="workspaces")).wait()

    async def workspaces_async(self, **options: Unpack[CallOptions]) -> list[str]:
        """:meth:`workspaces`, for an event loop."""
        return await self._native.workspaces(_options.terms(options, where="workspaces_async"))

    def read(self, workspace: str = "default", *, version: str | None = None, **options: Unpack[CallOptions]) -> RawState | None:
        """The bytes of a state; ``None`` when there is none. Takes no lock."""
        terms = _options.terms(options, where="read")
        return _raw(self._native.read(*_at(workspace, version), terms).wait())

    async def read_async(self, workspace: str = "default", *, version: str | None = None, **options: Unpack[CallOptions]) -> RawState | None:
        """:meth:`read`, for an event loop."""
        terms = _options.terms(options, where="read_async")
        return _raw(await self._native.read(*_at(workspace, version), terms))

    def versions(self, workspace: str = "default", **options: Unpack[CallOptions]) -> tuple[StateVersion, ...]:
        """The versions that can still be read, newest first."""
        terms = _options.terms(options, where="versions")
        versions = self._native.versions(_options.text("workspace", workspace), terms).wait()
        return tuple(map(_version, versions))

    async def versions_async(self, workspace: str = "default", **options: Unpack[CallOptions]) -> tuple[StateVersion, ...]:
        """:meth:`versions`, for an event loop."""
        terms = _options.terms(options, where="versions_async")
        versions = await self._native.versions(_options.text("workspace", workspace), terms)
        return tuple(map(_version, versions))

    def write(
        self,
        data: bytes,
        workspace: str = "default",
        *,
        if_match: str | None = None,
        lock: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Written:
        """Replaces the bytes of a state, as they are: nothing checks that they are one.

        ``if_match`` is the etag of what has to be there now, or :data:`ABSENT`. Raises ``LockedError``, ``ConflictError``.
        """
        terms = _options.terms(options, where="write")
        given = _options.text("workspace", workspace), bytes(data), *_held(if_match, lock)
        return _written(self._native.write(*given, terms).wait())

    async def write_async(
        self,
        data: bytes,
        workspace: str = "default",
        *,
        if_match: str | None = None,
        lock: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Written:
        """:meth:`write`, for an event loop."""
        terms = _options.terms(options, where="write_async")
        given = _options.text("workspace", workspace), bytes(data), *_held(if_match, lock)
        return _written(await self._native.write(*given, terms))

    def delete(
        self,
        workspace: str = "default",
        *,
        if_match: str | None = None,
        lock: str | None = None,
        **options: Unpack[CallOptions],
    ) -> None:
        """Removes a state. Removing what is not there is no error."""
        terms = _options.terms(options, where="delete")
        self._native.delete(_options.text("workspace", workspace), *_held(if_match, lock), terms).wait()

    async def delete_async(
        self,
        workspace: str = "default",
        *,
        if_match: str | None = None,
        lock: str | None = None,
        **options: Unpack[CallOptions],
    ) -> None:
        """:meth:`delete`, for an event loop."""
        terms = _options.terms(options, where="delete_async")
        await self._native.delete(_options.text("workspace", workspace), *_held(if_match, lock), terms)

    def lock(self, workspace: str = "default", *, operation: str, **options: Unpack[CallOptions]) -> str:
        """Takes the lock of a workspace, or raises ``LockedError`` at once. Whoever meets the lock reads ``operation``."""
        terms = _options.terms(options, where="lock")
        return self._native.lock(_options.text("workspace", workspace), _options.text("operation", operation), terms).wait()

    async def lock_async(self, workspace: str = "default", *, operation: str, **options: Unpack[CallOptions]) -> str:
        """:meth:`lock`, for an event loop."""
        terms = _options.terms(options, where="lock_async")
        return await self._native.lock(_options.text("workspace", workspace), _options.text("operation", operation), terms)

    def unlock(self, lock: str, workspace: str = "default", **options: Unpack[CallOptions]) -> None:
        """Gives the lock back. Raises ``ConflictError`` when this is not the lock that is held."""
        terms = _options.terms(options, where="unlock")
        self._native.unlock(_options.text("workspace", workspace), _options.text("lock", lock), terms).wait()

    async def unlock_async(self, lock: str, workspace: str = "default", **options: Unpack[CallOptions]) -> None:
        """:meth:`unlock`, for an event loop."""
        terms = _options.terms(options, where="unlock_async")
        await self._native.unlock(_options.text("workspace", workspace), _options.text("lock", lock), terms)

    def __repr__(self) -> str:
        return f"BackendHandle({self.info.kind!r}, {self.info.location!r})"


def _at(workspace: str, version: str | None) -> tuple[str, str | None]:
    return _options.text("workspace", workspace), _options.optional(_options.text, "version", version)


def _held(if_match: str | None, lock: str | None) -> tuple[str | None, str | None]:
    return _options.optional(_options.text, "if_match", if_match), _options.optional(_options.text, "lock", lock)
