"""States, as they were stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self, Unpack

from . import _native, _options, _table
from ._options import CallOptions, StrPath
from ._rows import Rows
from .results import Analysis, Comparison, Health, Inspection, ObjectRow, OutputValue, Problem

__all__ = ["State"]


class State:
    """A state of any format from 1 to 4, with its name, size and age. Nothing of it is sent anywhere, and nothing is asked of anybody."""

    __slots__ = ("_native",)

    def __init__(self, native: _native.State) -> None:
        self._native = native

    @classmethod
    def read(cls, file: StrPath) -> Self:
        """Reads a state file.

        Raises ``NotFoundError``, ``PermissionDeniedError``, ``InvalidStateError``, ``UnsupportedError``.
        """
        return cls(_native.State.read(_options.path("file", file)))

    @classmethod
    async def read_async(cls, file: StrPath, **options: Unpack[CallOptions]) -> Self:
        """:meth:`read`, for an event loop."""
        terms = _options.terms(options, where="read_async")
        return cls(await _native.State.read_call(_options.path("file", file), terms))

    @classmethod
    def parse(cls, data: bytes | str, *, name: str = "state") -> Self:
        """Reads the bytes of a state; ``name`` is what messages and results call it."""
        if isinstance(data, str):
            data = data.encode()
        return cls(_native.State.parse(bytes(data), _options.text("name", name)))

    @property
    def name(self) -> str:
        """What messages and results call it."""
        return self._native.name

    @property
    def bytes(self) -> int:
        """Its size as stored."""
        return self._native.bytes

    @property
    def serial(self) -> int:
        """Grows by one with each write."""
        return self._native.serial

    @property
    def lineage(self) -> str:
        """Names the history that it belongs to; empty where it has none."""
        return self._native.lineage

    @property
    def terraform_version(self) -> str | None:
        """The Terraform or OpenTofu version that wrote it."""
        return self._native.terraform_version

    @property
    def format_version(self) -> int:
        """The format that it was read from, 1 to 4."""
        return self._native.format_version

    def list(self, addresses: Iterable[str] = ()) -> list[str]:
        """All instance addresses, sorted as ``terraform state list`` prints them; of ``addresses`` and below, when there are any."""
        return self._native.list(_options.texts("addresses", addresses))

    def inspect(self) -> Inspection:
        """What it is, and a row for every object in it, without any value."""
        return Inspection.from_dict(self._native.inspect())

    @property
    def objects(self) -> Rows[ObjectRow]:
        """The rows of :meth:`inspect`, which are a table too."""
        rows = self._native.inspect()["objects"]
        return Rows(len(rows), lambda place: ObjectRow.from_dict(rows[place]), lambda: _table.stream(rows, _table.OBJECTS))

    def outputs(self, *, reveal_secrets: bool = False) -> dict[str, OutputValue]:
        """The outputs of the root module. Sensitive values are masked, unless they are asked for."""
        outputs = self._native.outputs(_options.flag("reveal_secrets", reveal_secrets))
        return {name: OutputValue.from_dict(output) for name, output in outputs.items()}

    def view(self, *, reveal_secrets: bool = False) -> dict[str, Any]:
        """The state as ``terraform show -json`` prints it, with sensitive values masked unless they are asked for."""
        return self._native.view(_options.flag("reveal_secrets", reveal_secrets))

    def health(self) -> Health:
        """A score of how well it is kept, 0 to 100."""
        return Health.from_dict(self._native.health())

    def analyze(self) -> Analysis:
        """Everything that can be said of it without asking anybody."""
        return Analysis.from_dict(self._native.analyze())

    def compare(self, after: State) -> tuple[Comparison, tuple[Problem, ...]]:
        """What changed from this state to another one, and which objects could not be compared."""
        if not isinstance(after, State):
            raise TypeError(f"after must be a State, not {type(after).__name__}")
        comparison, problems = self._native.compare(after._native)
        return Comparison.from_dict(comparison), tuple(map(Problem.from_dict, problems))

    def upgrade(self) -> _bytes:
        """The bytes of the state in format 4, as ``terraform state pull`` prints it. They hold its secrets."""
        return self._native.upgrade()

    @staticmethod
    def upgrade_in_place(file: StrPath, **options: Unpack[CallOptions]) -> int | None:
        """Writes a state file of an older format anew in format 4, under its lock; what was there is kept beside it as ``FILE.backup``.

        Answers with the format that it had, or ``None`` when it is in format 4 already and nothing was written. Raises ``LockedError`` when somebody
        else holds the lock, ``ConflictError`` when the file changed in between.
        """
        terms = _options.terms(options, where="upgrade_in_place")
        return _native.State.upgrade_in_place(_options.path("file", file), terms).wait()

    @staticmethod
    async def upgrade_in_place_async(file: StrPath, **options: Unpack[CallOptions]) -> int | None:
        """:meth:`upgrade_in_place`, for an event loop."""
        terms = _options.terms(options, where="upgrade_in_place_async")
        return await _native.State.upgrade_in_place(_options.path("file", file), terms)

    def __repr__(self) -> str:
        return f"State({self.name!r}, serial={self.serial}, bytes={self.bytes})"

    def _repr_html_(self) -> str:
        return self.objects._repr_html_()


_bytes = bytes
