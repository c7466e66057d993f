"""Drift of many targets, with providers that serve all targets of a batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, ClassVar
from uuid import uuid4

from .. import _options
from .._options import DriftOptions, StrPath
from ..client import Client, default_client
from ..report import DriftReport
from ..settings import Settings
from ..stack import Stack
from ._inputs import path_of
from ._job import Cells, Job, Row, error_row
from ._stored import problem, written

MB = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Drift(Job):
    """Holds states against what is really there. An input is the folder of a root module, or a state file, as every worker sees it.

    All targets of a batch are one run, and a provider process serves all of a worker's runs that share a provider configuration. It ends with the
    job on one machine, and with the worker on a cluster. A target that cannot be opened is a row with an ``error``. Objects that could not be
    looked at stand in ``not_looked_at``, and ``safe`` is never true then.
    """

    options: DriftOptions = field(default_factory=DriftOptions)
    """As :meth:`driftmgr.Stack.detect_drift` takes them. A ``timeout`` is that of one run; there is no ``on_event``."""
    settings: StrPath | None = None
    """The folder whose ``driftmgr.yaml`` holds, read by each worker. The defaults hold unless it is given."""
    workspace: str | None = None
    variables: Mapping[str, Any] | None = None
    variable_files: Sequence[StrPath] = ()
    backend_config: Sequence[StrPath] = ()
    run_bytes: int = 256 * MB
    """Targets whose states are larger than this together are more than one run, so that memory is bounded."""

    _id: str = field(default_factory=lambda: uuid4().hex, init=False, repr=False, compare=False)
    _name: ClassVar[str] = "drift"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.options.get("on_event") is not None:
            raise TypeError("options take no on_event: the workers are other processes")
        _options.drift(self.options, where="Drift")
        _options.opening(self.workspace, self.variables, self.variable_files, self.backend_config)
        # A wrong address is found here, and not once for each input.
        default_client().detect_drift([], targets=self.options.get("targets"), exclude=self.options.get("exclude"))

    def _rows(self, inputs: Sequence[Cells]) -> Sequence[Row]:
        client = self._client()
        # A target that is listed twice is looked at once.
        names = list(dict.fromkeys(cells[0] for cells in inputs))
        opened = self._each(lambda cells: self._tried(lambda: self._open(client, cells[0])), [(name,) for name in names])
        rows: dict[str | None, Row] = {}
        stacks: dict[str, Stack] = {}
        for name, (found, attempts) in zip(names, opened, strict=True):
            rows[name] = {"attempts": attempts, **({} if isinstance(found, Stack) else _failed(found))}
            if isinstance(found, Stack):
                stacks.setdefault(found.target, found)
        looked: dict[str, Row] = {}
        for run in _runs(list(stacks.values()), self.run_bytes):
            looked.update(self._looked(client, run))
        for name, (found, _) in zip(names, opened, strict=True):
            if isinstance(found, Stack):
                rows[name].update(looked[found.target])
        return [{**self._head(cells), **rows[cells[0]]} for cells in inputs]

    def _client(self) -> Client:
        """The client of this job in this process."""
        with _lock:
            client = _clients.get(self._id)
            if client is None:
                settings = None if self.settings is None else Settings.load(self.settings)
                client = Client(settings=settings, keep_providers=True)
                # A worker that lives on keeps the providers of its last job only.
                _clients.clear()
                _clients[self._id] = client
        return client

    def _end(self) -> None:
        # The processes end with the last run that uses the client.
        _clients.pop(self._id, None)

    def _open(self, client: Client, given: str | None) -> Stack:
        path = path_of(given)
        return client.open(
            path, workspace=self.workspace, variables=self.variables, variable_files=self.variable_files, backend_config=self.backend_config
        )

    def _looked(self, client: Client, run: Sequence[Stack]) -> Iterator[tuple[str, Row]]:
        """What one run gives for each of its targets."""
        found, attempts = self._tried(lambda: {target: _row(part) for target, part in client.detect_drift(run, **self.options).by_target().items()})
        if not isinstance(found, BaseException):
            yield from found.items()
        elif len(run) == 1:
            yield run[0].target, {**_failed(found), "attempts": attempts}
        else:
            # One target does not spoil the others.
            for stack in run:
                yield from self._looked(client, [stack])


_lock = Lock()
_clients: dict[str, Client] = {}


def _runs(stacks: Sequence[Stack], limit: int) -> Iterator[Sequence[Stack]]:
    """The targets in runs whose states are not larger than the limit, unless one alone is."""
    run: list[Stack] = []
    size = 0
    for stack in stacks:
        bytes = stack.state.bytes
        if run and size + bytes > limit:
            yield run
            run, size = [], 0
        run.append(stack)
        size += bytes
    if run:
        yield run


def _failed(raised: BaseException) -> Row:
    return {"error": error_row(raised), "exit": 1}


def _row(report: DriftReport) -> Row:
    check = report._native.check("informational")
    parts = report.to_dict()
    return {
        **parts["summary"],
        "safe": check["safe"],
        "exit": check["exit"],
        "score": parts["score"]["value"],
        "findings": [_finding(each) for each in parts["resource_drift"]],
        "not_looked_at": parts["not_looked_at"],
        "problems": [problem(each) for each in parts["problems"]],
    }


def _finding(given: Mapping[str, Any]) -> Row:
    drift = given["drift"]
    effect = drift["effect"] or {}
    return {
        **drift,
        **{name: given.get(name) for name in ("address", "previous_address", "deposed", "type")},
        "provider": given["provider_name"],
        "changes": [{**change, "before": written(change["before"]), "after": written(change["after"])} for change in drift["changes"]],
        "effect": effect.get("action"),
        "replace_because": effect.get("replace_because"),
    }
