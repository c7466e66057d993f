"""Drift reports, snapshots, and drift as it is found."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, Self, TypeAlias

from . import _native, _options, _table
from ._options import StrPath
from ._rows import Rows
from .results import (
    Check,
    Facts,
    Finding,
    Group,
    IgnoreSuggestion,
    LookedAt,
    NotLookedAt,
    PlanInfo,
    Problem,
    RuleOutcome,
    Score,
    Severity,
    SnapshotInfo,
    Summary,
    SurveyedProvider,
    SurveyedTarget,
)

__all__ = ["Baseline", "DriftReport", "DriftStream", "Explanation", "Plan", "Snapshot"]

Format: TypeAlias = Literal["text", "json", "ndjson", "markdown", "html", "sarif", "junit", "github", "gitlab", "csv", "arrow", "parquet"]


class DriftReport:
    """The whole answer for one or many states. What was not looked at is part of it. Secrets are masked.

    Equal to any other with the same content; can be hashed and pickled, and cannot be changed.
    """

    def __init__(self, native: _native.Report) -> None:
        self._native = native

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Reads what :meth:`to_json` or ``driftmgr drift --format json`` wrote."""
        return cls(_native.Report.from_json(_options.text("text", text)))

    @cached_property
    def _head(self) -> dict[str, Any]:
        return self._native.head()

    @cached_property
    def summary(self) -> Summary:
        """Counts."""
        return Summary.from_dict(self._head["summary"])

    @cached_property
    def targets(self) -> tuple[SurveyedTarget, ...]:
        """The states that were looked at, sorted, each with its counts."""
        return tuple(map(SurveyedTarget.from_dict, self._head["targets"]))

    @cached_property
    def score(self) -> Score:
        """How much of what was looked at is as it should be."""
        return Score.from_dict(self._native.score)

    @cached_property
    def findings(self) -> Rows[Finding]:
        """Differences, hidden ones included, sorted by target and address. As a table: a row for each change of an attribute."""
        native = self._native
        return Rows(native.finding_count, lambda place: Finding.from_dict(native.finding(place)), self.__arrow_c_stream__)

    @property
    def visible(self) -> tuple[Finding, ...]:
        """The findings that are not hidden."""
        return tuple(finding for finding in self.findings if finding.hidden is None)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Findings with one cause."""
        return tuple(map(Group.from_dict, self.to_dict()["groups"]))

    @cached_property
    def not_looked_at(self) -> tuple[NotLookedAt, ...]:
        """Instances that were not compared, each with the reason."""
        return tuple(map(NotLookedAt.from_dict, self._head["not_looked_at"]))

    @cached_property
    def providers(self) -> tuple[SurveyedProvider, ...]:
        """Who answered."""
        return tuple(map(SurveyedProvider.from_dict, self._head["providers"]))

    @cached_property
    def rules(self) -> tuple[RuleOutcome, ...]:
        """What users' rules did."""
        return tuple(map(RuleOutcome.from_dict, self._head["rules"]))

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be read or done."""
        return tuple(map(Problem.from_dict, self._head["problems"]))

    def check(self, *, severity: Severity = "informational") -> Check:
        """The short answer, when findings of this severity and above count."""
        return Check.from_dict(self._native.check(_options.text("severity", severity)))

    def render(
        self,
        format: Format = "text",
        *,
        timestamp: datetime | None = None,
        hidden: bool = False,
        comment: str | None = None,
        wide: bool = False,
        width: int | None = None,
        repository: StrPath | None = None,
    ) -> str:
        """The report in a text format.

        ``timestamp`` is when it was made (now, unless given; it needs a time zone). ``hidden`` shows hidden findings also in formats that only count
        them, ``comment`` names the pull request comment that Markdown is, ``wide`` and ``width`` are the look of text, and ``repository`` is the
        top folder from which formats for code hosts name files.
        """
        if _native.Report.is_binary(_options.text("format", format)):
            raise ValueError(f"format {format!r} is no text: render_bytes() gives it")
        return self.render_bytes(
            format,
            timestamp=timestamp,
            hidden=hidden,
            comment=comment,
            wide=wide,
            width=width,
            repository=repository,
        ).decode()

    def render_bytes(
        self,
        format: Format,
        *,
        timestamp: datetime | None = None,
        hidden: bool = False,
        comment: str | None = None,
        wide: bool = False,
        width: int | None = None,
        repository: StrPath | None = None,
    ) -> bytes:
        """:meth:`render`, also for the formats that are no text, ``arrow`` and ``parquet``."""
        if timestamp is not None and timestamp.tzinfo is None:
            raise ValueError("timestamp must have a time zone")
        arguments = {
            "timestamp": timestamp,
            "hidden": _options.flag("hidden", hidden),
            "comment": _options.optional(_options.text, "comment", comment),
            "wide": _options.flag("wide", wide),
            "width": _options.optional(_options.count, "width", width),
            "repository": _options.optional(_options.path, "repository", repository),
        }
        return self._native.render(_options.text("format", format), arguments)

    def by_target(self) -> dict[str, DriftReport]:
        """A report for each of :attr:`targets`, by its name.

        Providers, rules, and problems that belong to no single target stand in each. A target that could not be opened has no report, only its
        problem in the whole.
        """
        return {target: DriftReport(native) for target, native in self._native.by_target().items()}

    def suggest_ignores(self) -> tuple[IgnoreSuggestion, ...]:
        """Ignore rules that would hide what the report shows and a rule may hide, the narrowest first."""
        return tuple(map(IgnoreSuggestion.from_dict, self._native.suggest_ignores()))

    def baseline(self, file: StrPath, *, reason: str, previous: Baseline | None = None) -> Baseline:
        """All that the report shows as what is known today, for ``file`` and with one reason for all of it; :meth:`Baseline.write` writes the file.

        What ``previous`` knows keeps its date and reason. Changes of secrets are no part of it.
        """
        if previous is not None and not isinstance(previous, Baseline):
            raise TypeError(f"previous must be a Baseline, not {type(previous).__name__}")
        native = None if previous is None else previous._native
        return Baseline(self._native.baseline(_options.path("file", file), _options.text("reason", reason), native))

    def to_dict(self) -> dict[str, Any]:
        """The JSON form that every language shares; ``schemas/drift-report.schema.json`` describes it."""
        return self._native.to_dict()

    def to_json(self) -> str:
        """:meth:`to_dict` as a text."""
        return self._native.to_json()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The findings as a table: a row for each change of an attribute, the columns of ``csv``."""
        stream = getattr(self._native, "arrow_stream", None)
        if stream is None:
            raise _table.missing()
        return stream()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, DriftReport):
            return NotImplemented
        return self._native is other._native or self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(self.to_json())

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_json, (self.to_json(),)

    def __repr__(self) -> str:
        counts = ", ".join(f"{name}={value}" for name, value in self.summary.to_dict().items() if value)
        return f"DriftReport({counts})"

    def _repr_html_(self) -> str:
        import html

        page = html.escape(self.render("html"))
        return f'<iframe sandbox srcdoc="{page}" style="width:100%;height:32em;border:0"></iframe>'


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything about one instance."""

    address: str
    """By its address in the state."""
    facts: Facts
    """What is known without asking anybody."""
    report: DriftReport
    """What was found for it."""

    def to_dict(self) -> dict[str, Any]:
        """The JSON form that every language shares."""
        return {"address": self.address, "facts": self.facts.to_dict(), "report": self.report.to_dict()}

    def _repr_html_(self) -> str:
        return self.facts._repr_html_() + self.report._repr_html_()


class Baseline:
    """A list of differences that are known, which are not shown again until they change: ``detect_drift(baseline=FILE)``."""

    __slots__ = ("_native", "problems")

    problems: tuple[Problem, ...]
    """Entries that are wrong, and hide nothing."""

    def __init__(self, native: _native.Baseline, problems: tuple[Problem, ...] = ()) -> None:
        self._native = native
        self.problems = problems

    @classmethod
    def read(cls, file: StrPath) -> Self:
        """Reads a file."""
        native, problems = _native.Baseline.read(_options.path("file", file))
        return cls(native, tuple(map(Problem.from_dict, problems)))

    def write(self) -> None:
        """Writes it to its file, over what is there."""
        self._native.write()

    def __len__(self) -> int:
        return self._native.count

    @property
    def secret(self) -> int:
        """Changes of secrets, which are no part of it and are shown every time."""
        return self._native.secret

    def to_json(self) -> str:
        """What :meth:`write` writes."""
        return self._native.to_json()

    def to_dict(self) -> dict[str, Any]:
        """:meth:`to_json`, read."""
        read: dict[str, Any] = json.loads(self.to_json())
        return read

    def __eq__(self, other: object) -> bool:
        return self.to_json() == other.to_json() if isinstance(other, Baseline) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.to_json())

    def __repr__(self) -> str:
        return f"Baseline({len(self)} differences)"


class Plan:
    """A plan, as ``terraform show -json PLANFILE`` prints it."""

    __slots__ = ("_label", "_native")

    def __init__(self, native: _native.Plan, label: str = "plan") -> None:
        self._native = native
        self._label = label

    @classmethod
    def read(cls, file: StrPath) -> Self:
        """Reads a plan file."""
        path = _options.path("file", file)
        return cls(_native.Plan.read(path), path)

    @classmethod
    def parse(cls, data: bytes | str, *, name: str = "plan") -> Self:
        """Reads the bytes of a plan; ``name`` is what reports call it."""
        return cls(_native.Plan.parse(data.encode() if isinstance(data, str) else bytes(data)), _options.text("name", name))

    @property
    def name(self) -> str:
        """What reports call it."""
        return self._label

    def info(self) -> PlanInfo:
        """What it is."""
        return PlanInfo.from_dict(self._native.info())

    def __repr__(self) -> str:
        return f"Plan({self._label!r}, objects={self.info().objects})"


class DriftStream(Iterator[Finding], AsyncIterator[Finding]):
    """Findings as they are found, for ``for`` and ``async for``. The run goes on only while somebody asks, and ends when nobody does any more.

    Afterwards :attr:`report` is the whole answer.
    """

    def __init__(self, native: _native.Stream) -> None:
        self._native = native
        self._report: DriftReport | None = None
        self._looked: list[LookedAt] = []
        self._not_looked_at: list[NotLookedAt] = []

    @property
    def report(self) -> DriftReport | None:
        """The whole answer, once the last finding was given."""
        return self._report

    @property
    def looked(self) -> tuple[LookedAt, ...]:
        """The objects that were looked at so far; the last one says how many there are to look at."""
        return tuple(self._looked)

    @property
    def not_looked_at(self) -> tuple[NotLookedAt, ...]:
        """The instances that were told not to be compared so far."""
        return tuple(self._not_looked_at)

    def _taken(self, item: tuple[str, Any]) -> Finding | None:
        kind, content = item
        if kind == "finding":
            return Finding.from_dict(content)
        if kind == "looked":
            self._looked.append(LookedAt.from_dict(content))
        elif kind == "not_looked_at":
            self._not_looked_at.append(NotLookedAt.from_dict(content))
        elif kind == "report":
            self._report = DriftReport(content)
        return None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Finding:
        while (item := self._native.next().wait()) is not None:
            if finding := self._taken(item):
                return finding
        raise StopIteration

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Finding:
        while (item := await self._native.next()) is not None:
            if finding := self._taken(item):
                return finding
        raise StopAsyncIteration

    def collect(self) -> DriftReport:
        """Runs to the end, and answers with the report."""
        for _ in self:
            pass
        return self._ended()

    async def collect_async(self) -> DriftReport:
        """:meth:`collect`, for an event loop."""
        async for _ in self:
            pass
        return self._ended()

    def _ended(self) -> DriftReport:
        if self._report is None:
            raise ValueError("the run was ended before it was over")
        return self._report

    def close(self) -> None:
        """Ends the run."""
        self._native.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()


class Snapshot:
    """What a run found, to compare with later and without any provider. It holds no secret, but keyed hashes of them."""

    __slots__ = ("_native",)

    def __init__(self, native: _native.Snapshot) -> None:
        self._native = native

    @classmethod
    def read(cls, file: StrPath) -> Self:
        """Reads a snapshot file."""
        return cls(_native.Snapshot.read(_options.path("file", file)))

    @classmethod
    def parse(cls, data: bytes | str) -> Self:
        """Reads the bytes of a snapshot."""
        return cls(_native.Snapshot.parse(data.encode() if isinstance(data, str) else bytes(data)))

    def write(self, file: StrPath) -> None:
        """Writes it to a file that only its owner can read."""
        self._native.write(_options.path("file", file))

    def info(self) -> SnapshotInfo:
        """What it holds, without any value."""
        return SnapshotInfo.from_dict(self._native.info())

    def to_json(self) -> str:
        """What :meth:`write` writes."""
        return self._native.to_json()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Snapshot):
            return NotImplemented
        return self._native is other._native or self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(self.to_json())

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).parse, (self.to_json().encode(),)

    def __repr__(self) -> str:
        info = self.info()
        return f"Snapshot({info.created_at.isoformat()}, {[each.target for each in info.targets]!r})"

    def _repr_html_(self) -> str:
        return self.info()._repr_html_()
