"""The client: opens targets, and asks about many of them at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Unpack

from . import _native, _options
from ._options import CallOptions, DriftOptions, StrPath
from .backends import Backend, BackendHandle
from .managed import ManagedState
from .report import DriftReport, DriftStream, Plan, Snapshot
from .results import BackendKind, BackendMetrics, Diagnosis, SeverityRule, Status
from .settings import Settings
from .stack import Stack, _plan, _real, _snapshot, _taken
from .state import State

__all__ = ["Client", "Survey"]


@dataclass(frozen=True, slots=True)
class Survey:
    """What a run over many targets gave."""

    report: DriftReport
    """Targets that could not be opened are among its problems."""
    stacks: tuple[Stack, ...]
    """The targets that could be opened, in the order in which they were named."""
    unopened: tuple[str, ...]
    """Those that could not."""


def _survey(found: tuple[_native.Report, list[_native.Stack], list[str]]) -> Survey:
    report, stacks, unopened = found
    return Survey(DriftReport(report), tuple(map(Stack, stacks)), tuple(unopened))


def _stacks(stacks: Iterable[Stack]) -> list[_native.Stack]:
    natives = []
    for stack in stacks:
        if not isinstance(stack, Stack):
            raise TypeError(f"stacks must be Stack objects, not {type(stack).__name__}")
        stack._open()
        natives.append(stack._native)
    return natives


def _reality(plan: Plan | StrPath | None, snapshot: Snapshot | None, state: State | None) -> _native.Plan | _native.Snapshot | _native.State | None:
    given = [each for each in (plan, snapshot, state) if each is not None]
    if len(given) > 1:
        raise ValueError("at most one of plan, snapshot and state can stand for reality")
    if plan is not None:
        return _plan(plan)
    if snapshot is not None:
        return _taken(snapshot)
    return None if state is None else _real(state)


class Client:
    """Opens states and answers questions about them. It can be shared between threads and event loops.

    ``settings`` are the defaults unless given: a library reads no file that nobody told it to read; :meth:`Settings.load` does.
    ``backends`` are kinds of backends written in Python: what makes one from the arguments of its ``backend`` block and the root module's folder.

    With ``keep_providers``, provider processes go on for the next run, until :meth:`end_providers` or the end of the client: for programs that look
    again and again. They go on with the credentials that they got; a run with another environment or other limits starts them anew. Otherwise
    all processes have ended when a run has.

    ``backend_options`` are layers over every backend that the client opens, times in seconds. ``{"read_only": True}`` writes, deletes and locks
    nothing; ``rate_limit``, ``circuit_breaker``, ``retry`` and ``cache`` spare the servers. ``docs/library.md`` describes them.
    """

    __slots__ = ("_native",)

    def __init__(
        self,
        *,
        settings: Settings | None = None,
        backends: Mapping[str, Callable[[dict[str, Any], str], Backend]] | None = None,
        keep_providers: bool = False,
        backend_options: Mapping[str, Any] | None = None,
    ) -> None:
        if settings is not None and not isinstance(settings, Settings):
            raise TypeError(f"settings must be Settings, not {type(settings).__name__}")
        if not isinstance(keep_providers, bool):
            raise TypeError(f"keep_providers must be bool, not {type(keep_providers).__name__}")
        made = dict(backends or {})
        for kind, make in made.items():
            if not callable(make):
                raise TypeError(f"backends[{kind!r}] must be callable, not {type(make).__name__}")
        if backend_options is not None and not isinstance(backend_options, Mapping):
            raise TypeError(f"backend_options must be a mapping, not {type(backend_options).__name__}")
        layers = None if backend_options is None else json.dumps(dict(backend_options))
        self._native = _native.Client(None if settings is None else settings._native, made, keep_providers, layers)

    def open(
        self,
        target: StrPath,
        *,
        workspace: str | None = None,
        variables: Mapping[str, Any] | None = None,
        variable_files: Iterable[StrPath] = (),
        backend_config: Iterable[StrPath] = (),
        **options: Unpack[CallOptions],
    ) -> Stack:
        """Opens the folder of a root module, a state file, or the address of a state.

        ``variables`` win over ``variable_files``, later files over earlier ones, and all of them over what Terraform finds on its own.
        ``backend_config`` are arguments of the backend beside its block, as ``terraform init`` takes them: each ``NAME=VALUE``, or a file.

        Raises ``NotFoundError`` when there is nothing at the path, or no state; ``InvalidStateError`` and ``UnsupportedError`` for a state that
        cannot be read.
        """
        how = _options.opening(workspace, variables, variable_files, backend_config)
        terms = _options.terms(options, where="open")
        return Stack(self._native.open(_options.path("target", target), how, terms).wait())

    async def open_async(
        self,
        target: StrPath,
        *,
        workspace: str | None = None,
        variables: Mapping[str, Any] | None = None,
        variable_files: Iterable[StrPath] = (),
        backend_config: Iterable[StrPath] = (),
        **options: Unpack[CallOptions],
    ) -> Stack:
        """:meth:`open`, for an event loop."""
        how = _options.opening(workspace, variables, variable_files, backend_config)
        terms = _options.terms(options, where="open_async")
        return Stack(await self._native.open(_options.path("target", target), how, terms))

    def manage(
        self,
        target: StrPath,
        *,
        workspace: str | None = None,
        variables: Mapping[str, Any] | None = None,
        variable_files: Iterable[StrPath] = (),
        backend_config: Iterable[StrPath] = (),
        **options: Unpack[CallOptions],
    ) -> ManagedState:
        """A stored state that can be changed: of the folder of a root module, a state file, or the address of a state. It need not exist."""
        how = _options.opening(workspace, variables, variable_files, backend_config)
        terms = _options.terms(options, where="manage")
        return ManagedState(self._native.manage(_options.path("target", target), how, terms).wait())

    async def manage_async(
        self,
        target: StrPath,
        *,
        workspace: str | None = None,
        variables: Mapping[str, Any] | None = None,
        variable_files: Iterable[StrPath] = (),
        backend_config: Iterable[StrPath] = (),
        **options: Unpack[CallOptions],
    ) -> ManagedState:
        """:meth:`manage`, for an event loop."""
        how = _options.opening(workspace, variables, variable_files, backend_config)
        terms = _options.terms(options, where="manage_async")
        return ManagedState(await self._native.manage(_options.path("target", target), how, terms))

    def detect_drift(self, stacks: Iterable[Stack], **options: Unpack[DriftOptions]) -> DriftReport:
        """Looks at every managed instance of the stacks. One provider process serves all of them that share a provider configuration."""
        given = _options.drift(options, where="detect_drift")
        return DriftReport(self._native.detect_drift(_stacks(stacks), *given).wait())

    async def detect_drift_async(self, stacks: Iterable[Stack], **options: Unpack[DriftOptions]) -> DriftReport:
        """:meth:`detect_drift`, for an event loop."""
        given = _options.drift(options, where="detect_drift_async")
        return DriftReport(await self._native.detect_drift(_stacks(stacks), *given))

    def iter_drift(self, stacks: Iterable[Stack], **options: Unpack[DriftOptions]) -> DriftStream:
        """:meth:`detect_drift`, told while it goes on: for ``for`` and ``async for``. Takes no ``on_event``."""
        if options.get("on_event") is not None:
            raise TypeError("iter_drift() takes no on_event: what is found is told already")
        return DriftStream(self._native.drift_stream(_stacks(stacks), *_options.drift(options, where="iter_drift")))

    def drift_of_plan(self, plan: Plan | StrPath, **options: Unpack[DriftOptions]) -> DriftReport:
        """What a plan says about the state that it was made from; the state itself is not needed."""
        plan = plan if isinstance(plan, Plan) else Plan.read(plan)
        given = _options.drift(options, where="drift_of_plan")
        return DriftReport(self._native.drift_of_plan(plan.name, plan._native, *given).wait())

    async def drift_of_plan_async(self, plan: Plan | StrPath, **options: Unpack[DriftOptions]) -> DriftReport:
        """:meth:`drift_of_plan`, for an event loop."""
        plan = plan if isinstance(plan, Plan) else Plan.read(plan)
        given = _options.drift(options, where="drift_of_plan_async")
        return DriftReport(await self._native.drift_of_plan(plan.name, plan._native, *given))

    def drift_by_snapshot(self, stacks: Iterable[Stack], snapshot: Snapshot, **options: Unpack[DriftOptions]) -> DriftReport:
        """What a snapshot found for the stacks. Raises ``NotFoundError`` for a stack that it does not hold."""
        given = _options.drift(options, where="drift_by_snapshot")
        return DriftReport(self._native.drift_by_snapshot(_stacks(stacks), _taken(snapshot), *given).wait())

    async def drift_by_snapshot_async(self, stacks: Iterable[Stack], snapshot: Snapshot, **options: Unpack[DriftOptions]) -> DriftReport:
        """:meth:`drift_by_snapshot`, for an event loop."""
        given = _options.drift(options, where="drift_by_snapshot_async")
        return DriftReport(await self._native.drift_by_snapshot(_stacks(stacks), _taken(snapshot), *given))

    def snapshot(self, stacks: Iterable[Stack], **options: Unpack[DriftOptions]) -> tuple[Snapshot, DriftReport]:
        """Looks at every managed instance of the stacks and writes down what was found."""
        return _snapshot(self._native.snapshot(_stacks(stacks), *_options.drift(options, where="snapshot")).wait())

    async def snapshot_async(self, stacks: Iterable[Stack], **options: Unpack[DriftOptions]) -> tuple[Snapshot, DriftReport]:
        """:meth:`snapshot`, for an event loop."""
        return _snapshot(await self._native.snapshot(_stacks(stacks), *_options.drift(options, where="snapshot_async")))

    def detect_drift_at(
        self,
        paths: Iterable[StrPath],
        *,
        plan: Plan | StrPath | None = None,
        snapshot: Snapshot | None = None,
        state: State | None = None,
        workspace: str | None = None,
        variables: Mapping[str, Any] | None = None,
        variable_files: Iterable[StrPath] = (),
        backend_config: Iterable[StrPath] = (),
        every_workspace: bool = False,
        **options: Unpack[DriftOptions],
    ) -> Survey:
        """Opens the targets at the paths, and holds them against reality, or what stands for it: a plan file, a snapshot, another state.

        One target that cannot be opened raises; among several it is a problem of the report. With ``every_workspace`` each workspace that has
        a state is a target of its own, as ``infra (prod)``.
        """
        how = _options.opening(workspace, variables, variable_files, backend_config, every_workspace=every_workspace)
        real = _reality(plan, snapshot, state)
        drift, terms = _options.drift(options, where="detect_drift_at")
        return _survey(self._native.detect_drift_at(_options.paths("paths", paths), real, how, drift, terms).wait())

    async def detect_drift_at_async(
        self,
        paths: Iterable[StrPath],
        *,
        plan: Plan | StrPath | None = None,
        snapshot: Snapshot | None = None,
        state: State | None = None,
        workspace: str | None = None,
        variables: Mapping[str, Any] | None = None,
        variable_files: Iterable[StrPath] = (),
        backend_config: Iterable[StrPath] = (),
        every_workspace: bool = False,
        **options: Unpack[DriftOptions],
    ) -> Survey:
        """:meth:`detect_drift_at`, for an event loop."""
        how = _options.opening(workspace, variables, variable_files, backend_config, every_workspace=every_workspace)
        real = _reality(plan, snapshot, state)
        drift, terms = _options.drift(options, where="detect_drift_at_async")
        return _survey(await self._native.detect_drift_at(_options.paths("paths", paths), real, how, drift, terms))

    def end_providers(self, **options: Unpack[CallOptions]) -> None:
        """Ends the provider processes that were kept; the next run starts them anew. Does nothing unless the client has ``keep_providers``."""
        self._native.end_providers(_options.terms(options, where="end_providers")).wait()

    async def end_providers_async(self, **options: Unpack[CallOptions]) -> None:
        """:meth:`end_providers`, for an event loop."""
        await self._native.end_providers(_options.terms(options, where="end_providers_async"))

    def status(
        self,
        targets: Iterable[StrPath] = (".",),
        *,
        workspace: str | None = None,
        variables: Mapping[str, Any] | None = None,
        variable_files: Iterable[StrPath] = (),
        backend_config: Iterable[StrPath] = (),
        **options: Unpack[CallOptions],
    ) -> Status:
        """Whether each target's state can be read, and what its backend is configured by. No lock is taken, and nothing is written."""
        how = _options.opening(workspace, variables, variable_files, backend_config)
        terms = _options.terms(options, where="status")
        return Status.from_dict(self._native.status(_options.paths("targets", targets), how, terms).wait())

    async def status_async(
        self,
        targets: Iterable[StrPath] = (".",),
        *,
        workspace: str | None = None,
        variables: Mapping[str, Any] | None = None,
        variable_files: Iterable[StrPath] = (),
        backend_config: Iterable[StrPath] = (),
        **options: Unpack[CallOptions],
    ) -> Status:
        """:meth:`status`, for an event loop."""
        how = _options.opening(workspace, variables, variable_files, backend_config)
        terms = _options.terms(options, where="status_async")
        return Status.from_dict(await self._native.status(_options.paths("targets", targets), how, terms))

    def doctor(self, targets: Iterable[StrPath] = (), **options: Unpack[CallOptions]) -> Diagnosis:
        """What this machine offers, and what targets would use of it. Nothing is started, and nothing is written."""
        terms = _options.terms(options, where="doctor")
        return Diagnosis.from_dict(self._native.doctor(_options.paths("targets", targets), terms).wait())

    async def doctor_async(self, targets: Iterable[StrPath] = (), **options: Unpack[CallOptions]) -> Diagnosis:
        """:meth:`doctor`, for an event loop."""
        terms = _options.terms(options, where="doctor_async")
        return Diagnosis.from_dict(await self._native.doctor(_options.paths("targets", targets), terms))

    def backend_metrics(self) -> BackendMetrics:
        """What the backends of this client were asked so far, and what its layers did. Figures only grow."""
        return BackendMetrics.from_dict(self._native.backend_metrics())

    def rules(self) -> tuple[SeverityRule, ...]:
        """The severity rules that hold: those of the settings, then the built-in ones."""
        return tuple(map(SeverityRule.from_dict, self._native.rules()))

    def backends(self) -> tuple[BackendKind, ...]:
        """The kinds of backends that can be opened."""
        return tuple(map(BackendKind.from_dict, self._native.backends()))

    def backend(self, kind: str, config: Mapping[str, Any] | None = None, *, root: StrPath = ".") -> BackendHandle:
        """Opens a backend by its kind and arguments, as a ``backend`` block has them. Relative paths start at ``root``.

        Raises ``UnsupportedError`` for a kind that this client does not have, ``InvalidConfigError`` for wrong arguments.
        """
        native = self._native.backend(_options.text("kind", kind), dict(config or {}), _options.path("root", root))
        return BackendHandle(native)

    @property
    def settings(self) -> Settings:
        """The settings that it was made with."""
        return Settings(self._native.settings())

    def __repr__(self) -> str:
        return f"Client(backends={[each.kind for each in self.backends()]!r})"


@cache
def default_client() -> Client:
    """The client of the functions of the package: default settings, built-in backends."""
    return Client()
