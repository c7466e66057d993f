"""Settings: ``driftmgr.yaml``, environment variables and overrides, one over the other. Each value knows where it comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Self

from . import _native, _options
from ._options import StrPath
from .exceptions import DriftmgrError, _from_native
from .results import Problem, Setting, SettingsTable, Validation

__all__ = ["Settings"]


def _from_problem(problem: Problem) -> DriftmgrError:
    place = list(problem.place.items())
    return _from_native(problem.kind, problem.message, "settings.load", place, problem.hints, False)


class Settings:
    """Settings that hold. ``docs/settings.md`` lists the keys."""

    __slots__ = ("_native",)

    def __init__(self, native: _native.Settings) -> None:
        self._native = native

    @classmethod
    def load(cls, folder: StrPath = ".", *, overrides: Mapping[str, Any] | None = None) -> Self:
        """Reads what holds in a folder: defaults, the user's file, a ``driftmgr.yaml`` there or above, ``DRIFTMGR_*`` variables, and over all of
        them ``overrides`` such as ``{"drift.timeout": "10m"}``.

        Raises ``InvalidConfigError`` or ``InvalidInputError`` for the first mistake; the others are its notes.
        """
        texts = {_options.text("overrides", key): value if isinstance(value, str) else json.dumps(value) for key, value in (overrides or {}).items()}
        native, problems = _native.Settings.load(_options.path("folder", folder), texts)
        for problem in problems:
            error = _from_problem(Problem.from_dict(problem))
            for other in problems[1:]:
                error.add_note(f"and: {_from_problem(Problem.from_dict(other))}")
            raise error
        return cls(native)

    @staticmethod
    def validate(file: StrPath) -> Validation:
        """Every mistake in a file, each with its place. True in a condition when there is none."""
        return Validation.from_dict(_native.Settings.validate(_options.path("file", file)))

    @staticmethod
    def schema() -> dict[str, Any]:
        """The JSON Schema of the file."""
        return _native.Settings.schema()

    def table(self) -> SettingsTable:
        """:meth:`entries`, the files that were read, and warnings."""
        return SettingsTable.from_dict(self._native.table())

    def entries(self) -> tuple[Setting, ...]:
        """Every key with value, origin, and whether it does anything."""
        return tuple(map(Setting.from_dict, self._native.entries()))

    def __getitem__(self, key: str) -> Any:
        """The value of a key such as ``drift.timeout``."""
        for entry in self.entries():
            if entry.key == key:
                return entry.value
        raise KeyError(key)

    def __repr__(self) -> str:
        return f"Settings(files={list(self.table().files)!r})"

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()
