"""Stored states that can be changed: under their lock, with a backup before and a check after."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Self, Unpack

from . import _native, _options
from ._options import CallOptions, ChangeOptions, Seconds
from .results import BackendInfo, Capability, Changed, Comparison, HistoricVersion, Problem
from .state import State

__all__ = ["ManagedState"]


def _changed(changed: dict[str, Any]) -> Changed:
    return Changed.from_dict(changed)


def _diff(found: tuple[dict[str, Any], list[dict[str, Any]]]) -> tuple[Comparison, tuple[Problem, ...]]:
    comparison, problems = found
    return Comparison.from_dict(comparison), tuple(map(Problem.from_dict, problems))


def _object(given: Mapping[str, Any] | str) -> str:
    return given if isinstance(given, str) else json.dumps(given)


def _other(to: ManagedState) -> _native.ManagedState:
    if not isinstance(to, ManagedState):
        raise TypeError(f"to must be a ManagedState, not {type(to).__name__}")
    return to._native


class ManagedState:
    """A state where it is stored. :meth:`driftmgr.Client.manage` makes one.

    Every change takes the lock that Terraform takes, reads the state under it, keeps what was there on this machine, writes the new state under the
    condition that nobody else wrote, reads it back and compares. When the check fails, the old state is put back. Each takes ``dry_run``,
    ``lock_timeout``, ``without_lock`` and ``force`` (:class:`driftmgr.ChangeOptions`).
    """

    __slots__ = ("_native",)

    def __init__(self, native: _native.ManagedState) -> None:
        self._native = native

    @property
    def label(self) -> str:
        """What messages and results call it."""
        return self._native.label

    @property
    def workspace(self) -> str:
        """The name of its workspace."""
        return self._native.workspace

    @property
    def info(self) -> BackendInfo:
        """Where it is stored; no secrets."""
        return BackendInfo.from_dict(self._native.info)

    @property
    def capability(self) -> Capability:
        """What its backend can do."""
        return Capability.from_dict(self._native.capability)

    def in_workspace(self, name: str) -> Self:
        """The state of another workspace of the same configuration; it need not exist."""
        return type(self)(self._native.in_workspace(_options.text("name", name)))

    def pull(self, **options: Unpack[CallOptions]) -> bytes | None:
        """The bytes of the state, decrypted, as they stand otherwise; ``None`` when there is none. They hold its secrets."""
        terms = _options.terms(options, where="pull")
        return self._native.pull(terms).wait()

    async def pull_async(self, **options: Unpack[CallOptions]) -> bytes | None:
        """:meth:`pull`, for an event loop."""
        terms = _options.terms(options, where="pull_async")
        return await self._native.pull(terms)

    def state(self, version: str | None = None, **options: Unpack[CallOptions]) -> State:
        """The state, or one of its :meth:`versions`."""
        terms = _options.terms(options, where="state")
        return State(self._native.state(_options.optional(_options.text, "version", version), terms).wait())

    async def state_async(self, version: str | None = None, **options: Unpack[CallOptions]) -> State:
        """:meth:`state`, for an event loop."""
        terms = _options.terms(options, where="state_async")
        return State(await self._native.state(_options.optional(_options.text, "version", version), terms))

    def versions(self, **options: Unpack[CallOptions]) -> tuple[HistoricVersion, ...]:
        """What can still be read of its past, the newest first: versions of the backend, and backups and snapshots on this machine."""
        terms = _options.terms(options, where="versions")
        return tuple(map(HistoricVersion.from_dict, self._native.versions(terms).wait()))

    async def versions_async(self, **options: Unpack[CallOptions]) -> tuple[HistoricVersion, ...]:
        """:meth:`versions`, for an event loop."""
        terms = _options.terms(options, where="versions_async")
        return tuple(map(HistoricVersion.from_dict, await self._native.versions(terms)))

    def diff(self, before: str | None = None, after: str | None = None, **options: Unpack[CallOptions]) -> tuple[Comparison, tuple[Problem, ...]]:
        """What changed from one version to another, and what could not be compared; ``None`` is the current state."""
        terms = _options.terms(options, where="diff")
        return _diff(
            self._native.diff(_options.optional(_options.text, "before", before), _options.optional(_options.text, "after", after), terms).wait()
        )

    async def diff_async(
        self, before: str | None = None, after: str | None = None, **options: Unpack[CallOptions]
    ) -> tuple[Comparison, tuple[Problem, ...]]:
        """:meth:`diff`, for an event loop."""
        terms = _options.terms(options, where="diff_async")
        return _diff(
            await self._native.diff(_options.optional(_options.text, "before", before), _options.optional(_options.text, "after", after), terms)
        )

    def push(self, data: bytes, **options: Unpack[ChangeOptions]) -> Changed:
        """Writes a state as it is, by the rules of ``terraform state push``. Raises ``ConflictError`` for one that may not follow."""
        how, terms = _options.changing(options, where="push")
        return _changed(self._native.push(bytes(data), how, terms).wait())

    async def push_async(self, data: bytes, **options: Unpack[ChangeOptions]) -> Changed:
        """:meth:`push`, for an event loop."""
        how, terms = _options.changing(options, where="push_async")
        return _changed(await self._native.push(bytes(data), how, terms))

    def rollback(self, version: str, **options: Unpack[ChangeOptions]) -> Changed:
        """Makes one of its :meth:`versions` the next state."""
        how, terms = _options.changing(options, where="rollback")
        return _changed(self._native.rollback(_options.text("version", version), how, terms).wait())

    async def rollback_async(self, version: str, **options: Unpack[ChangeOptions]) -> Changed:
        """:meth:`rollback`, for an event loop."""
        how, terms = _options.changing(options, where="rollback_async")
        return _changed(await self._native.rollback(_options.text("version", version), how, terms))

    def restore(self, data: bytes, **options: Unpack[ChangeOptions]) -> Changed:
        """Makes a state that was kept elsewhere the next one. Raises ``ConflictError`` for one of another lineage, unless forced."""
        how, terms = _options.changing(options, where="restore")
        return _changed(self._native.restore(bytes(data), how, terms).wait())

    async def restore_async(self, data: bytes, **options: Unpack[ChangeOptions]) -> Changed:
        """:meth:`restore`, for an event loop."""
        how, terms = _options.changing(options, where="restore_async")
        return _changed(await self._native.restore(bytes(data), how, terms))

    def snapshot(self, **options: Unpack[CallOptions]) -> str:
        """Keeps the current state on this machine, without changing it; gives the id of the version."""
        terms = _options.terms(options, where="snapshot")
        return self._native.snapshot(terms).wait()

    async def snapshot_async(self, **options: Unpack[CallOptions]) -> str:
        """:meth:`snapshot`, for an event loop."""
        terms = _options.terms(options, where="snapshot_async")
        return await self._native.snapshot(terms)

    def mv(self, source: str, to: str, **options: Unpack[ChangeOptions]) -> Changed:
        """Moves an instance, a resource or a module to another address, as ``terraform state mv``."""
        how, terms = _options.changing(options, where="mv")
        return _changed(self._native.mv(_options.text("source", source), _options.text("to", to), how, terms).wait())

    async def mv_async(self, source: str, to: str, **options: Unpack[ChangeOptions]) -> Changed:
        """:meth:`mv`, for an event loop."""
        how, terms = _options.changing(options, where="mv_async")
        return _changed(await self._native.mv(_options.text("source", source), _options.text("to", to), how, terms))

    def rm(self, addresses: Iterable[str], **options: Unpack[ChangeOptions]) -> Changed:
        """Forgets instances, resources and modules, as ``terraform state rm``. The real objects are left alone."""
        how, terms = _options.changing(options, where="rm")
        return _changed(self._native.rm(_options.texts("addresses", addresses), how, terms).wait())

    async def rm_async(self, addresses: Iterable[str], **options: Unpack[ChangeOptions]) -> Changed:
        """:meth:`rm`, for an event loop."""
        how, terms = _options.changing(options, where="rm_async")
        return _changed(await self._native.rm(_options.texts("addresses", addresses), how, terms))

    def replace_provider(self, source: str, to: str, **options: Unpack[ChangeOptions]) -> Changed:
        """Gives all resources of one provider to another one, as ``terraform state replace-provider``."""
        how, terms = _options.changing(options, where="replace_provider")
        return _changed(self._native.replace_provider(_options.text("source", source), _options.text("to", to), how, terms).wait())

    async def replace_provider_async(self, source: str, to: str, **options: Unpack[ChangeOptions]) -> Changed:
        """:meth:`replace_provider`, for an event loop."""
        how, terms = _options.changing(options, where="replace_provider_async")
        return _changed(await self._native.replace_provider(_options.text("source", source), _options.text("to", to), how, terms))

    def import_object(self, address: str, provider: str, object: Mapping[str, Any] | str, **options: Unpack[ChangeOptions]) -> Changed:
        """Takes in an object that exists, at an address where nothing is.

        ``provider`` is its provider configuration, such as ``provider["registry.terraform.io/hashicorp/aws"]``; ``object`` is what a state says of an
        instance: ``attributes``, ``schema_version``, and where there are any ``sensitive_attributes``, ``private``, ``identity``, ``dependencies``.
        """
        how, terms = _options.changing(options, where="import_object")
        return _changed(
            self._native.import_object(_options.text("address", address), _options.text("provider", provider), _object(object), how, terms).wait()
        )

    async def import_object_async(self, address: str, provider: str, object: Mapping[str, Any] | str, **options: Unpack[ChangeOptions]) -> Changed:
        """:meth:`import_object`, for an event loop."""
        how, terms = _options.changing(options, where="import_object_async")
        return _changed(
            await self._native.import_object(_options.text("address", address), _options.text("provider", provider), _object(object), how, terms)
        )

    def copy_to(self, to: ManagedState, **options: Unpack[ChangeOptions]) -> Changed:
        """Copies the state to another place as it is, with its lineage and serial. Both are locked meanwhile; this one stays."""
        how, terms = _options.changing(options, where="copy_to")
        return _changed(self._native.copy_to(_other(to), how, terms).wait())

    async def copy_to_async(self, to: ManagedState, **options: Unpack[ChangeOptions]) -> Changed:
        """:meth:`copy_to`, for an event loop."""
        how, terms = _options.changing(options, where="copy_to_async")
        return _changed(await self._native.copy_to(_other(to), how, terms))

    def delete(self, **options: Unpack[ChangeOptions]) -> str | None:
        """Deletes the state; gives the id of the backup that keeps it. Raises ``ConflictError`` when it holds resources, unless forced."""
        how, terms = _options.changing(options, where="delete")
        return self._native.delete(how, terms).wait()

    async def delete_async(self, **options: Unpack[ChangeOptions]) -> str | None:
        """:meth:`delete`, for an event loop."""
        how, terms = _options.changing(options, where="delete_async")
        return await self._native.delete(how, terms)

    def lock(self, operation: str, *, lock_timeout: Seconds = 0, **options: Unpack[CallOptions]) -> str:
        """Takes the lock; waits so long for somebody else's. Whoever meets the lock reads ``operation``. Raises ``LockedError``."""
        terms = _options.terms(options, where="lock")
        return self._native.lock(_options.text("operation", operation), _options.seconds("lock_timeout", lock_timeout), terms).wait()

    async def lock_async(self, operation: str, *, lock_timeout: Seconds = 0, **options: Unpack[CallOptions]) -> str:
        """:meth:`lock`, for an event loop."""
        terms = _options.terms(options, where="lock_async")
        return await self._native.lock(_options.text("operation", operation), _options.seconds("lock_timeout", lock_timeout), terms)

    def unlock(self, lock: str, **options: Unpack[CallOptions]) -> None:
        """Gives a lock back, or breaks one whose holder is known to be gone. Raises ``ConflictError`` when this is not the lock that is held."""
        terms = _options.terms(options, where="unlock")
        self._native.unlock(_options.text("lock", lock), terms).wait()

    async def unlock_async(self, lock: str, **options: Unpack[CallOptions]) -> None:
        """:meth:`unlock`, for an event loop."""
        terms = _options.terms(options, where="unlock_async")
        await self._native.unlock(_options.text("lock", lock), terms)

    def workspaces(self, **options: Unpack[CallOptions]) -> list[str]:
        """The names of all workspaces beside this one, ``default`` first."""
        terms = _options.terms(options, where="workspaces")
        return self._native.workspaces(terms).wait()

    async def workspaces_async(self, **options: Unpack[CallOptions]) -> list[str]:
        """:meth:`workspaces`, for an event loop."""
        terms = _options.terms(options, where="workspaces_async")
        return await self._native.workspaces(terms)

    def create_workspace(self, name: str, **options: Unpack[ChangeOptions]) -> Self:
        """Makes another workspace, with an empty state. Raises ``ConflictError`` when it exists."""
        how, terms = _options.changing(options, where="create_workspace")
        return type(self)(self._native.create_workspace(_options.text("name", name), how, terms).wait())

    async def create_workspace_async(self, name: str, **options: Unpack[ChangeOptions]) -> Self:
        """:meth:`create_workspace`, for an event loop."""
        how, terms = _options.changing(options, where="create_workspace_async")
        return type(self)(await self._native.create_workspace(_options.text("name", name), how, terms))

    def delete_workspace(self, name: str, **options: Unpack[ChangeOptions]) -> str | None:
        """Deletes another workspace with its state; gives the id of the backup that keeps it."""
        how, terms = _options.changing(options, where="delete_workspace")
        return self._native.delete_workspace(_options.text("name", name), how, terms).wait()

    async def delete_workspace_async(self, name: str, **options: Unpack[ChangeOptions]) -> str | None:
        """:meth:`delete_workspace`, for an event loop."""
        how, terms = _options.changing(options, where="delete_workspace_async")
        return await self._native.delete_workspace(_options.text("name", name), how, terms)

    def __repr__(self) -> str:
        return f"ManagedState({self.label!r}, workspace={self.workspace!r})"
