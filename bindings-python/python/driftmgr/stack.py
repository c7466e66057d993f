"""An opened target: a state with what is known around it."""

from __future__ import annotations

from pathlib import Path
from typing import Self, Unpack

from . import _native, _options
from ._options import DriftOptions, StrPath
from .reality import Reality
from .report import DriftReport, DriftStream, Explanation, Plan, Snapshot
from .results import Check, ConfigurationSummary, Facts, Problem, Workspace
from .state import State

__all__ = ["Stack"]


def _explanation(found: tuple[str, dict[str, object], _native.Report]) -> Explanation:
    address, facts, report = found
    return Explanation(address, Facts.from_dict(facts), DriftReport(report))


def _snapshot(found: tuple[_native.Snapshot, _native.Report]) -> tuple[Snapshot, DriftReport]:
    snapshot, report = found
    return Snapshot(snapshot), DriftReport(report)


def _taken(snapshot: Snapshot) -> _native.Snapshot:
    if not isinstance(snapshot, Snapshot):
        raise TypeError(f"snapshot must be a Snapshot, not {type(snapshot).__name__}")
    return snapshot._native


def _plan(plan: Plan | StrPath) -> _native.Plan:
    return (plan if isinstance(plan, Plan) else Plan.read(plan))._native


def _real(state: State) -> _native.State:
    if not isinstance(state, State):
        raise TypeError(f"state must be a State, not {type(state).__name__}")
    return state._native


class Stack:
    """An opened target. :func:`driftmgr.open` makes one.

    Every method that takes its time comes twice: it blocks, and releases the GIL meanwhile; or with ``_async`` it belongs to an event loop.
    """

    __slots__ = ("_native",)

    def __init__(self, native: _native.Stack) -> None:
        self._native = native

    # --- drift -------------------------------------------------------------------------------------------------------------------------------

    def detect_drift(self, **options: Unpack[DriftOptions]) -> DriftReport:
        """Looks at every managed instance. What cannot be looked at is in the report, and so is what a ``timeout`` left out.

        Raises ``InvalidInputError`` for an address in the options that is none.
        """
        self._open()
        return DriftReport(self._native.detect_drift(*_options.drift(options, where="detect_drift")).wait())

    async def detect_drift_async(self, **options: Unpack[DriftOptions]) -> DriftReport:
        """:meth:`detect_drift`, for an event loop. When its task is cancelled, the run ends too."""
        self._open()
        return DriftReport(await self._native.detect_drift(*_options.drift(options, where="detect_drift_async")))

    def iter_drift(self, **options: Unpack[DriftOptions]) -> DriftStream:
        """:meth:`detect_drift`, told while it goes on: for ``for`` and ``async for``. Takes no ``on_event``."""
        self._open()
        if options.get("on_event") is not None:
            raise TypeError("iter_drift() takes no on_event: what is found is told already")
        return DriftStream(self._native.drift_stream(*_options.drift(options, where="iter_drift")))

    def check(self, **options: Unpack[DriftOptions]) -> Check:
        """The short answer: is it safe to go on? True in a condition only when everything was looked at and is in sync."""
        self._open()
        return Check.from_dict(self._native.check(*_options.drift(options, where="check")).wait())

    async def check_async(self, **options: Unpack[DriftOptions]) -> Check:
        """:meth:`check`, for an event loop."""
        self._open()
        return Check.from_dict(await self._native.check(*_options.drift(options, where="check_async")))

    def explain(self, address: str, **options: Unpack[DriftOptions]) -> Explanation:
        """Looks at one instance, and says what is known of it beforehand.

        Raises ``InvalidInputError`` for a text that is no address, ``NotFoundError`` for an instance that the state does not have.
        """
        self._open()
        given = _options.drift(options, where="explain")
        return _explanation(self._native.explain(_options.text("address", address), *given).wait())

    async def explain_async(self, address: str, **options: Unpack[DriftOptions]) -> Explanation:
        """:meth:`explain`, for an event loop."""
        self._open()
        given = _options.drift(options, where="explain_async")
        return _explanation(await self._native.explain(_options.text("address", address), *given))

    # --- reality from elsewhere --------------------------------------------------------------------------------------------------------------

    def against_plan(self, plan: Plan | StrPath, **options: Unpack[DriftOptions]) -> DriftReport:
        """What a plan says, or a plan file as ``terraform show -json PLANFILE`` prints it. It has to be made from this state."""
        self._open()
        given = _options.drift(options, where="against_plan")
        return DriftReport(self._native.against_plan(_plan(plan), *given).wait())

    async def against_plan_async(self, plan: Plan | StrPath, **options: Unpack[DriftOptions]) -> DriftReport:
        """:meth:`against_plan`, for an event loop."""
        self._open()
        given = _options.drift(options, where="against_plan_async")
        return DriftReport(await self._native.against_plan(_plan(plan), *given))

    def against_snapshot(self, snapshot: Snapshot, **options: Unpack[DriftOptions]) -> DriftReport:
        """What a snapshot found. Raises ``NotFoundError`` when it does not hold this stack."""
        self._open()
        given = _options.drift(options, where="against_snapshot")
        return DriftReport(self._native.against_snapshot(_taken(snapshot), *given).wait())

    async def against_snapshot_async(self, snapshot: Snapshot, **options: Unpack[DriftOptions]) -> DriftReport:
        """:meth:`against_snapshot`, for an event loop."""
        self._open()
        given = _options.drift(options, where="against_snapshot_async")
        return DriftReport(await self._native.against_snapshot(_taken(snapshot), *given))

    def against_state(self, state: State, **options: Unpack[DriftOptions]) -> DriftReport:
        """Compares it with another state as if that were reality."""
        self._open()
        given = _options.drift(options, where="against_state")
        return DriftReport(self._native.against_state(_real(state), *given).wait())

    async def against_state_async(self, state: State, **options: Unpack[DriftOptions]) -> DriftReport:
        """:meth:`against_state`, for an event loop."""
        self._open()
        given = _options.drift(options, where="against_state_async")
        return DriftReport(await self._native.against_state(_real(state), *given))

    def snapshot(self, **options: Unpack[DriftOptions]) -> tuple[Snapshot, DriftReport]:
        """Looks at every managed instance and writes down what was found."""
        self._open()
        return _snapshot(self._native.snapshot(*_options.drift(options, where="snapshot")).wait())

    async def snapshot_async(self, **options: Unpack[DriftOptions]) -> tuple[Snapshot, DriftReport]:
        """:meth:`snapshot`, for an event loop."""
        self._open()
        return _snapshot(await self._native.snapshot(*_options.drift(options, where="snapshot_async")))

    def with_reality(self, reality: Reality) -> Stack:
        """The same stack, with somebody else to say what is really there instead of the providers."""
        if not callable(getattr(reality, "observe", None)):
            raise TypeError(f"reality must have a method observe(), and {type(reality).__name__} has none")
        return Stack(self._native.with_reality(reality))

    # --- what is known -----------------------------------------------------------------------------------------------------------------------

    @property
    def target(self) -> str:
        """The target as the caller named it."""
        return self._native.label

    @property
    def state(self) -> State:
        """The state as it was stored."""
        return State(self._native.state)

    @property
    def state_path(self) -> Path:
        """The file that the state was read from."""
        return Path(self._native.state_path)

    @property
    def root_dir(self) -> Path:
        """The folder of the root module."""
        return Path(self._native.root_dir)

    @property
    def workspace(self) -> Workspace:
        """The workspace, and what selected it."""
        return Workspace.from_dict(self._native.workspace)

    def configuration(self) -> ConfigurationSummary | None:
        """What the configuration declares; ``None`` when the folder holds none."""
        summary = self._native.configuration()
        return None if summary is None else ConfigurationSummary.from_dict(summary)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be read of the configuration. The state is whole all the same."""
        return tuple(map(Problem.from_dict, self._native.problems))

    # --- its end -----------------------------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Cancels what it is doing. Nothing can be asked of reality afterwards; the state stays readable."""
        self._native.close()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._native.closed

    def _open(self) -> None:
        if self._native.closed:
            raise ValueError("the stack was closed")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Stack({self.target!r}, workspace={self.workspace.name!r})"
