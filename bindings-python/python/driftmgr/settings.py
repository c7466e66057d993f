"""Settings: ``driftmgr.yaml``, environment variables and overrides, one over the other. Each value knows where it comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Self

from . import _native, _options
from ._options import StrPath
from .exceptions import InvalidConfigError
from .results import Problem, Setting, SettingsTable

__all__ = ["Settings"]


class Settings:
    """Settings that hold. ``docs/settings.md`` lists the keys."""

    __slots__ = ("_native",)

    def __init__(self, native: _native.Settings) -> None:
        self._native = native

    @classmethod
    def load(
        cls,
        folder: StrPath | None = None,
        *,
        config: StrPath | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> Self:
        """Reads all layers: defaults, the user's file, the project's file (found upward from ``folder``, or ``config``), ``DRIFTMGR_*`` variables,
        ``overrides`` (``{"drift.timeout": "10m"}``).

        Raises ``InvalidConfigError`` for the first mistake; :meth:`validate` tells all of them.
        """
        native, problems = cls._load(folder, config, overrides)
        for problem in problems:
            raise InvalidConfigError(problem.message, context=problem.place, hints=problem.hints, operation="settings.load")
        return cls(native)

    @classmethod
    def validate(
        cls,
        folder: StrPath | None = None,
        *,
        config: StrPath | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> tuple[Problem, ...]:
        """Every mistake in every layer, each with its place."""
        return cls._load(folder, config, overrides)[1]

    @staticmethod
    def _load(folder: StrPath | None, config: StrPath | None, overrides: Mapping[str, Any] | None) -> tuple[_native.Settings, tuple[Problem, ...]]:
        texts = {_options.text("overrides", key): value if isinstance(value, str) else json.dumps(value) for key, value in (overrides or {}).items()}
        native, problems = _native.Settings.load(
            _options.optional(_options.path, "folder", folder),
            _options.optional(_options.path, "config", config),
            texts,
        )
        return native, tuple(map(Problem.from_dict, problems))

    @staticmethod
    def schema() -> dict[str, Any]:
        """The JSON Schema of the file."""
        return _native.Settings.schema()

    def table(self) -> SettingsTable:
        """Every key with value, origin, and whether it does anything."""
        return SettingsTable.from_dict(self._native.table())

    def entries(self) -> tuple[Setting, ...]:
        """The rows of :meth:`table`."""
        return self.table().settings

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
