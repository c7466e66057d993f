"""What driftmgr answers: frozen records, with the fields of ``--format json``.

Secrets are masked in all of them. Places in files are a file and a line, counted from 1; sizes are bytes, ages seconds.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias

from ._record import Record, record

__all__ = [
    "Analysis",
    "ArgumentStatus",
    "AttributeChange",
    "AttributeTendency",
    "BackendInfo",
    "BackendKind",
    "BackendMetrics",
    "BackendStatus",
    "CacheMetrics",
    "CallMetrics",
    "Capability",
    "Change",
    "Changed",
    "ChangedObject",
    "ChangedOutput",
    "ChangedValue",
    "Check",
    "CircuitBreakerMetrics",
    "Comparison",
    "ConfigurationSummary",
    "Counts",
    "Coverage",
    "DeclaredBackend",
    "DeclaredConfiguration",
    "DeclaredModule",
    "DeclaredProvider",
    "DeclaredResource",
    "Deduction",
    "Diagnosis",
    "Drift",
    "Effect",
    "Event",
    "Facts",
    "Finding",
    "Group",
    "Health",
    "Hidden",
    "HistoricVersion",
    "History",
    "IgnoreSuggestion",
    "Inspection",
    "InstanceRead",
    "Interval",
    "LockId",
    "LookSummary",
    "LookedAt",
    "Machine",
    "Member",
    "Moved",
    "Noise",
    "NotLookedAt",
    "ObjectRow",
    "ObjectTimeline",
    "Outlook",
    "OutputValue",
    "Place",
    "PlanInfo",
    "Problem",
    "Progressed",
    "ProviderStarted",
    "ProviderStopped",
    "Pruned",
    "RateLimitMetrics",
    "RawState",
    "Recorded",
    "RuleOutcome",
    "RunSummary",
    "Score",
    "Setting",
    "SettingsTable",
    "SeverityRule",
    "SnapshotInfo",
    "SnapshotTarget",
    "Started",
    "StateEdit",
    "StateStatus",
    "StateVersion",
    "Status",
    "Summary",
    "SurveyedProvider",
    "SurveyedTarget",
    "TargetFacts",
    "TargetStatus",
    "TargetSummary",
    "Tendency",
    "TrackedFinding",
    "TypeRate",
    "Validation",
    "Version",
    "Warned",
    "Workspace",
    "Written",
]

Kind: TypeAlias = Literal["missing", "modified", "moved"]
"""How reality differs: the object is gone, it has other attributes, or only its address was changed by a ``moved`` block."""
Class: TypeAlias = Literal["cosmetic", "material", "unclassified"]
"""Whether apply would change something; ``unclassified`` where the provider could not be asked."""
Severity: TypeAlias = Literal["informational", "important", "critical"]
"""How much it matters."""
Category: TypeAlias = Literal[
    "exposure",
    "encryption",
    "public_access",
    "authentication",
    "logging",
    "backup",
    "capacity",
    "network",
    "version",
    "metadata",
    "other",
]
"""What it is about."""
Sensitivity: TypeAlias = Literal["low", "medium", "high"]
"""How much is shown."""


# --- drift -----------------------------------------------------------------------------------------------------------------------------------


@record
class Summary(Record):
    """Counts. ``checked = same + drifted + deleted + hidden``; with ``unverifiable`` and ``skipped`` it is every instance of the states."""

    checked: int
    """Compared with reality."""
    same: int
    drifted: int
    """At least one visible difference."""
    deleted: int
    """In the state, not in reality."""
    unmanaged: int
    """In reality, in no state."""
    unverifiable: int
    """Could not be compared: the answer is open."""
    skipped: int
    """Not to be compared."""
    hidden: int
    """Only hidden differences."""


@record
class SurveyedTarget(Record):
    """A state that was looked at."""

    target: str
    """As the caller named it."""
    summary: Summary


@record
class Check(Record):
    """The short answer: is it safe to go on?"""

    safe: bool | None
    """``True`` in sync, ``False`` drifted, ``None`` when nothing drifted and something could not be looked at."""
    exit: Literal[0, 2, 3]
    """The exit code that says the same."""
    summary: Summary

    def __bool__(self) -> bool:
        """True only when everything was looked at and is in sync."""
        return self.safe is True


@record
class Place(Record):
    """A place in a file."""

    file: str
    line: int | None
    """From 1; ``None`` for the file as a whole."""


@record
class Hidden(Record):
    """Why something is not shown."""

    rule: str
    reason: str


@record
class Noise(Record):
    """Why both sides mean the same."""

    rule: str
    reason: str
    certainty: Literal["presumed", "known", "proven"]


@record
class Effect(Record):
    """What apply would do."""

    action: Literal["none", "update", "replace", "create", "destroy"]
    replace_because: tuple[str, ...]
    """The attributes whose change makes it a replacement."""


@record
class AttributeChange(Record):
    """One attribute that differs."""

    fingerprint: str
    """Its name: the same in every run and in every output."""
    path: str
    """As Terraform writes it: ``tags["env"]``, ``ingress[0].cidr_blocks``."""
    before: Any
    """What the state says; ``None`` where there is nothing."""
    after: Any
    """What is really there."""
    sensitive: bool
    """Either side is a secret, or holds one: both are masked."""
    material: bool
    """Apply would change it."""
    severity: Severity
    category: Category
    reason: str
    configured: bool | None
    """The configuration sets it; ``None`` without a configuration."""
    noise: Noise | None
    """``None`` for a real change."""
    hidden: Hidden | None
    """``None`` for a visible change."""


@record
class Change(Record):
    """The object as a whole, as Terraform's plan JSON has it."""

    actions: tuple[str, ...]
    before: Any
    after: Any
    after_unknown: Any
    before_sensitive: Any
    after_sensitive: Any


@record
class Drift(Record):
    """What driftmgr says of a difference."""

    fingerprint: str
    """Its name: the same in every run and in every output."""
    target: str
    kind: Kind
    class_: Class
    severity: Severity
    category: Category
    impact: tuple[Literal["security", "cost", "availability", "compliance"], ...]
    reasons: tuple[str, ...]
    changes: tuple[AttributeChange, ...]
    effect: Effect | None
    declared: Place | None
    hidden: Hidden | None


@record
class Finding(Record):
    """One difference between a state and reality: an entry of Terraform's ``resource_drift``, with driftmgr's judgement under ``drift``."""

    address: str
    """The instance, by the address that the configuration gives it."""
    previous_address: str | None = None
    """Its address in the state, where a ``moved`` block has changed it since."""
    module_address: str | None = None
    mode: Literal["managed", "data"]
    type: str
    name: str
    index: int | str | None = None
    deposed: str | None = None
    """The key of a deposed object."""
    provider_name: str
    change: Change
    drift: Drift

    @property
    def target(self) -> str:
        """The state it concerns, as the caller named the target."""
        return self.drift.target

    @property
    def kind(self) -> Kind:
        """How reality differs."""
        return self.drift.kind

    @property
    def class_(self) -> Class:
        """What the provider says of it."""
        return self.drift.class_

    @property
    def severity(self) -> Severity:
        """The highest severity of its changes."""
        return self.drift.severity

    @property
    def category(self) -> Category:
        """What the most severe change is about."""
        return self.drift.category

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, one sentence each."""
        return self.drift.reasons

    @property
    def changes(self) -> tuple[AttributeChange, ...]:
        """The attributes that differ; none for a missing object."""
        return self.drift.changes

    @property
    def effect(self) -> Effect | None:
        """What apply would do, when that is known."""
        return self.drift.effect

    @property
    def declared(self) -> Place | None:
        """The block that declares it."""
        return self.drift.declared

    @property
    def hidden(self) -> Hidden | None:
        """Why it is not shown; ``None`` for a visible finding."""
        return self.drift.hidden


@record
class NotLookedAt(Record):
    """An instance that was not compared."""

    address: str
    deposed: str | None = None
    kind: Literal["unverifiable", "skipped"]
    """Open, or without interest."""
    reason: str
    target: str


@record
class LookedAt(Record):
    """An object that was looked at while a run goes on."""

    target: str
    address: str
    deposed: str | None
    outcome: Literal["same", "drifted", "deleted", "unverifiable"]
    """What the read gave. What other objects show can still turn it into another outcome."""
    done: int
    """Objects looked at so far, this one included."""
    total: int


@record
class SurveyedProvider(Record):
    """A provider that was asked."""

    address: str
    version: str | None
    origin: Literal["plugin", "reattached", "native"]
    path: str | None


@record
class Member(Record):
    """A finding of a group."""

    target: str
    address: str
    deposed: str | None = None


@record
class Group(Record):
    """Findings with one cause."""

    cause: Literal["deleted_parent", "same_change", "moves_together"]
    reason: str
    parent: Member | None
    members: tuple[Member, ...]
    paths: tuple[str, ...]


@record
class RuleOutcome(Record):
    """What a user's rule did."""

    rule: str
    origin: Place
    hidden: int
    """How much it hides."""
    status: Literal["active", "dead", "expired", "refused", "unseen"]
    until: str | None
    refused: tuple[str, ...]
    unneeded: tuple[str, ...]


@record
class Problem(Record):
    """What could not be read or done. Data, not an exception: the rest of the answer stands."""

    kind: str
    """As in :attr:`driftmgr.exceptions.DriftmgrError.kind`."""
    message: str
    place: dict[str, str]
    hints: tuple[str, ...]


@record
class Deduction(Record):
    """What was taken off a score, and why."""

    target: str
    address: str
    deposed: str | None = None
    severity: Severity
    points: int
    reason: str


@record
class Coverage(Record):
    """How much was looked at."""

    objects: int
    of: int


@record
class Score(Record):
    """How much of what was looked at is as it should be, 0 to 100."""

    value: int
    at_most: int
    looked_at: Coverage
    limits: tuple[str, ...]
    deductions: tuple[Deduction, ...]
    uncounted: int


@record
class Facts(Record):
    """What is known of an instance without asking anybody, each fact as a label and a text."""

    state: tuple[tuple[str, str], ...]
    provider: tuple[tuple[str, str], ...]


@record
class IgnoreSuggestion(Record):
    """An ignore rule that would hide something. It needs a reason before it can be used."""

    instances: int
    """How many instances it speaks of."""
    changes: int
    """How many visible changes it would hide."""
    address: str | None
    type: str | None
    path: str
    driftignore: tuple[str, ...]
    """The lines of a ``.driftignore`` that would do the same."""


# --- states ----------------------------------------------------------------------------------------------------------------------------------


@record
class ObjectRow(Record):
    """One object of a state, without its values."""

    address: str
    mode: Literal["managed", "data"]
    type: str
    name: str
    module: str
    """Empty for the root module."""
    key: int | str | None
    deposed: str | None
    provider: str | None
    status: Literal["ready", "tainted"]
    schema_version: int
    bytes: int
    """Size of its attributes as stored."""
    has_secrets: bool
    create_before_destroy: bool
    dependencies: tuple[str, ...]


@record
class Inspection(Record):
    """What a state is, and a row for every object in it."""

    name: str
    bytes: int
    format_version: int
    terraform_version: str | None
    serial: int
    lineage: str
    outputs: tuple[str, ...]
    objects: tuple[ObjectRow, ...]


@record
class OutputValue(Record):
    """An output of a root module."""

    sensitive: bool
    value: Any
    """Masked when it is sensitive, unless secrets were asked for."""
    type: Any
    """In Terraform's JSON, such as ``"string"`` or ``["list", "string"]``."""


@record
class HealthReason(Record):
    """What was taken off a health score."""

    points: int
    reason: str


@record
class Health(Record):
    """How well a state is kept, 0 to 100."""

    score: int
    band: Literal["healthy", "warning", "critical"]
    age: Literal["fresh", "recent", "stale", "abandoned"] | None
    reasons: tuple[HealthReason, ...]


@record
class OrphanedDependency(Record):
    """A dependency on something that the state does not have."""

    address: str
    dependency: str


@record
class Heavy(Record):
    """An object and the size of its attributes."""

    address: str
    bytes: int


@record
class StateFacts(Record):
    """Counts and hints about a state."""

    resources: int
    data_sources: int
    instances: int
    by_type: dict[str, int]
    by_provider: dict[str, int]
    by_module: dict[str, int]
    tainted: tuple[str, ...]
    deposed: tuple[tuple[str, str], ...]
    split_resources: tuple[str, ...]
    empty_resources: tuple[str, ...]
    orphaned_dependencies: tuple[OrphanedDependency, ...]
    outputs: int
    sensitive_outputs: int
    instances_with_secrets: int
    heaviest: tuple[Heavy, ...]
    hints: tuple[str, ...]


@record
class Analysis(Record):
    """Everything that can be said of a state without asking anybody."""

    state: str
    health: Health
    analysis: StateFacts
    offline: bool
    drift: Any


@record
class ChangedValue(Record):
    """One attribute that two states have differently."""

    path: str
    before: Any
    after: Any
    sensitive: bool


@record
class ChangedField(Record):
    """Something beside the attributes that two states have differently."""

    field: str
    before: str
    after: str


@record
class ChangedObject(Record):
    """An object that two states have differently."""

    address: str
    deposed: str | None = None
    changes: tuple[ChangedValue, ...]
    metadata: tuple[ChangedField, ...] | None = None


@record
class Moved(Record):
    """An object at another address."""

    from_: str
    to: str


@record
class ChangedOutput(Record):
    """An output that two states have differently."""

    name: str
    before: Any
    after: Any
    sensitive: bool


@record
class ComparedOutputs(Record):
    """The outputs of two states."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[ChangedOutput, ...]


@record
class Comparison(Record):
    """What changed from one state to another. A moved object also stands in ``removed`` and ``added``."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[ChangedObject, ...]
    moved: tuple[Moved, ...]
    outputs: ComparedOutputs


# --- configuration ---------------------------------------------------------------------------------------------------------------------------


@record
class Workspace(Record):
    """A workspace, and what selected it."""

    name: str
    origin: str
    """``explicit``, ``TF_WORKSPACE``, a file, or ``default``."""


@record
class DeclaredBackend(Record):
    """A ``backend`` or ``cloud`` block."""

    kind: str
    declared: Place


@record
class DeclaredProvider(Record):
    """An entry of ``required_providers``."""

    source: str
    version: str | None


@record
class DeclaredConfiguration(Record):
    """A ``provider`` block."""

    module: str
    name: str
    alias: str | None
    source: str
    declared: Place


@record
class DeclaredModule(Record):
    """A ``module`` block."""

    address: str
    source: str | None
    version: str | None
    installed: bool
    """Its files could be read."""
    declared: Place


@record
class DeclaredResource(Record):
    """A ``resource`` or ``data`` block."""

    address: str
    mode: Literal["managed", "data"]
    type: str
    name: str
    provider: str
    declared: Place


@record
class ConfigurationSummary(Record):
    """What a root module declares, its child modules included. No value of an argument is in it."""

    root: str
    required_version: tuple[str, ...]
    backend: DeclaredBackend | None
    required_providers: dict[str, DeclaredProvider]
    provider_configurations: tuple[DeclaredConfiguration, ...]
    modules: tuple[DeclaredModule, ...]
    resources: tuple[DeclaredResource, ...]
    variables: tuple[str, ...]
    outputs: tuple[str, ...]
    problems: tuple[str, ...]


# --- settings and the machine ----------------------------------------------------------------------------------------------------------------


@record
class SettingOrigin(Record):
    """Where a setting comes from."""

    kind: Literal["default", "file", "variable", "flag"]
    file: str | None = None
    line: int | None = None
    column: int | None = None
    name: str | None = None


@record
class Setting(Record):
    """One setting."""

    key: str
    value: Any
    origin: SettingOrigin
    has_effect: bool


@record
class SettingsTable(Record):
    """All settings with their origins."""

    files: tuple[str, ...]
    settings: tuple[Setting, ...]
    warnings: tuple[str, ...]


@record
class Validation(Record):
    """What is wrong in a file of settings, and what in it has no effect."""

    warnings: tuple[str, ...]
    problems: tuple[Problem, ...]

    def __bool__(self) -> bool:
        """True when nothing is wrong."""
        return not self.problems


@record
class SeverityRule(Record):
    """A rule that says how much a change matters. ``docs/rules.md`` describes the form."""

    origin: str
    """``settings``, or the family of providers of a built-in rule."""
    type: str
    path: str | None = None
    when: Any = None
    severity: Severity
    category: Category
    reason: str


@record
class CliConfiguration(Record):
    """The CLI configuration of one program."""

    program: str
    files: tuple[str, ...]
    problem: str | None


@record
class CacheFolder(Record):
    """A folder of caches."""

    folder: str
    files: int
    bytes: int


@record
class Machine(Record):
    """What this machine offers. Variables and credentials are named, their values are not shown."""

    version: str
    features: tuple[str, ...]
    os: str
    arch: str
    current_dir: str
    backends: tuple[str, ...]
    variables: tuple[str, ...]
    cli_config: tuple[CliConfiguration, ...]
    cache: CacheFolder | None
    credentials: tuple[tuple[str, tuple[str, ...]], ...]
    credential_files: tuple[str, ...]


@record
class UsedSettings(Record):
    """The settings that apply."""

    files: tuple[str, ...]
    name: str | None
    environment: str | None


@record
class ProviderFacts(Record):
    """One provider that a target needs."""

    source: str
    wanted_by: tuple[str, ...]
    path: str | None
    version: str | None
    place: str | None
    verified: str | None
    native: bool
    problem: str | None
    looked: tuple[str, ...]
    hints: tuple[str, ...]


@record
class TargetFacts(Record):
    """What a target needs."""

    target: str
    root: str
    workspace: str
    workspace_origin: str
    backend: str | None
    providers: tuple[ProviderFacts, ...]
    problems: tuple[str, ...]


@record
class Diagnosis(Record):
    """What this machine offers, and what targets would use of it."""

    settings: UsedSettings
    machine: Machine
    targets: tuple[TargetFacts, ...]


@record
class Version(Record):
    """What this build is."""

    version: str
    features: tuple[str, ...]
    os: str
    arch: str


@record
class PlanInfo(Record):
    """What a plan is."""

    format_version: str
    terraform_version: str | None
    timestamp: datetime | None
    errored: bool
    complete: bool | None
    refresh_only: bool
    objects: int


# --- snapshots -------------------------------------------------------------------------------------------------------------------------------


@record
class FoundCounts(Record):
    """Objects by what was found."""

    present: int
    absent: int
    unreadable: int


@record
class SnapshotProvider(Record):
    """A provider that was asked for a snapshot."""

    address: str
    source: str
    version: str | None
    origin: str
    path: str | None


@record
class OpenObject(Record):
    """An object that could not be looked at."""

    address: str
    deposed: str | None
    reason: str


@record
class SnapshotTarget(Record):
    """One state of a snapshot."""

    target: str
    lineage: str
    serial: int
    providers: tuple[SnapshotProvider, ...]
    objects: FoundCounts
    not_looked_at: tuple[OpenObject, ...]


@record
class SnapshotInfo(Record):
    """What a snapshot holds, without any value."""

    driftmgr_snapshot: str
    driftmgr_version: str
    created_at: datetime
    finished_at: datetime
    targets: tuple[SnapshotTarget, ...]


# --- history ---------------------------------------------------------------------------------------------------------------------------------


@record
class Recorded(Record):
    """What became of a run that was to be recorded."""

    id: str
    new: bool
    """``False`` when it was there already."""
    problems: tuple[Problem, ...]


@record
class Pruned(Record):
    """What was forgotten."""

    runs: int
    findings: int


@record
class TargetSummary(Record):
    """A state in the history."""

    target: str
    lineage: str
    runs: int
    first: datetime | None
    last: datetime | None


@record
class Counts(Record):
    """Objects by what became of them in a run."""

    same: int
    modified: int
    missing: int
    moved: int
    hidden: int
    unverifiable: int
    skipped: int


@record
class LookSummary(Record):
    """A run's look at one state."""

    target: str
    lineage: str
    serial: int
    summary: Counts


@record
class RunSummary(Record):
    """One recorded run."""

    id: str
    started: datetime
    ended: datetime
    version: str
    sensitivity: Sensitivity
    problems: int
    targets: tuple[LookSummary, ...]


@record
class Transitions(Record):
    """How often a finding came and went."""

    came: int
    went: int


@record
class TrackedFinding(Record):
    """A finding over time."""

    id: str
    target: str
    address: str
    deposed: str | None
    kind: Kind
    path: str
    severity: Severity
    hidden: bool
    status: Literal["open", "resolved", "left_state"]
    first_seen: datetime
    last_seen: datetime
    times_seen: int
    open_since: datetime | None
    age_seconds: int | None
    ended: datetime | None
    last_looked_at: datetime
    transitions: Transitions
    flapping: bool


@record
class Interval(Record):
    """Where a share lies with 95 percent confidence."""

    low: float
    high: float


@record
class TypeRate(Record):
    """How often objects of a type drift."""

    resource_type: str
    objects: int
    looks: int
    drifted_looks: int
    chances: int
    drifts: int
    rate: float | None
    interval: Interval


@record
class AttributeTendency(Record):
    """What drifted of an object, and how often."""

    kind: Kind
    path: str
    times: int


@record
class Tendency(Record):
    """How an object tends to drift."""

    target: str
    address: str
    estimate: float
    interval: Interval
    drifts: int
    chances: int
    drifted_at: tuple[datetime, ...]
    attributes: tuple[AttributeTendency, ...]
    others_drifts: int
    others_chances: int


@record
class Outlook(Record):
    """What tends to drift next."""

    minimum_looks: int
    most_looks: int
    too_few_looks: int
    ranking: tuple[Tendency, ...]


@record
class OutcomeChange(Record):
    """What an object became at a time."""

    at: datetime
    outcome: str | None


@record
class ObjectTimeline(Record):
    """What became of an object."""

    target: str
    address: str
    deposed: str | None
    changes: tuple[OutcomeChange, ...]


@record
class History(Record):
    """What recorded runs say."""

    format_version: str
    asked: datetime
    since: datetime | None
    targets: tuple[TargetSummary, ...]
    runs: tuple[RunSummary, ...]
    findings: tuple[TrackedFinding, ...]
    rates: tuple[TypeRate, ...]
    outlook: Outlook
    objects: tuple[ObjectTimeline, ...] | None


# --- backends --------------------------------------------------------------------------------------------------------------------------------


@record
class Capability(Record):
    """What a backend can do."""

    write: bool
    lock: bool
    workspaces: bool
    versions: bool
    if_match: bool
    concurrency: int


@record
class BackendKind(Record):
    """A kind of backend that can be opened."""

    kind: str
    capability: Capability | None


@record
class CallMetrics(Record):
    """Calls of one method of a backend. Times are in seconds."""

    calls: int
    errors: dict[str, int]
    """By the name of the error's kind."""
    seconds: float
    longest: float
    sent: int
    received: int


@record
class RateLimitMetrics(Record):
    """What the layer ``rate_limit`` did."""

    waited: int
    seconds: float


@record
class CircuitBreakerMetrics(Record):
    """What the layer ``circuit_breaker`` did."""

    opened: int
    refused: int


@record
class CacheMetrics(Record):
    """What the layer ``cache`` did."""

    fresh: int
    revalidated: int
    missed: int
    damaged: int
    evicted: int


@record
class BackendMetrics(Record):
    """What the backends of a client were asked so far."""

    calls: dict[str, dict[str, CallMetrics]]
    """By the kind of the backend and the method."""
    retries: int
    rate_limit: RateLimitMetrics
    circuit_breaker: CircuitBreakerMetrics
    cache: CacheMetrics


@record
class ArgumentStatus(Record):
    """One argument of a backend, and what gave it."""

    name: str
    value: str | None
    """As JSON unless it is text; ``None`` for one that is not shown, since it could be a secret."""
    origin: str


@record
class BackendStatus(Record):
    """Where a state is stored, and what says so."""

    kind: str
    location: str
    origin: str
    arguments: tuple[ArgumentStatus, ...]
    variables: tuple[str, ...]
    """Names of the environment variables that were read for it and are set."""
    workspace: str
    workspace_origin: str
    capability: Capability


@record
class StateStatus(Record):
    """What stands in a state."""

    serial: int
    lineage: str
    terraform_version: str | None
    bytes: int
    modified: datetime | None
    resources: int
    instances: int


@record
class TargetStatus(Record):
    """Where a target's state is stored, and whether it could be read."""

    target: str
    backend: BackendStatus | None
    reachable: bool
    state: StateStatus | None
    problem: Problem | None


@record
class Status(Record):
    """Whether targets' states can be read. Credentials are named, their values are not shown."""

    credentials: tuple[tuple[str, tuple[str, ...]], ...]
    credential_files: tuple[str, ...]
    targets: tuple[TargetStatus, ...]


@record
class BackendInfo(Record):
    """What a backend is and where; no secrets."""

    kind: str
    location: str


@record
class StateVersion(Record):
    """A version of a state that can be read."""

    id: str
    modified: datetime | None
    size: int | None
    latest: bool


@record
class HistoricVersion(Record):
    """A version of a managed state that can be read again. ``kept_by`` is the backend, or a backup of this machine."""

    id: str
    kept_by: Literal["backend", "backup"]
    modified: datetime | None
    size: int | None
    latest: bool


@record
class StateEdit(Record):
    """One thing that an edit of a state changes. Which fields there are depends on ``change``."""

    change: Literal["moved", "moved_empty", "removed", "provider_replaced", "provider_changed", "imported", "dependencies_dropped"]
    address: str | None = None
    resource: str | None = None
    from_: str | None = None
    to: str | None = None


@record
class Changed(Record):
    """What a change of a stored state did, or would do. ``backup`` is the version that keeps what was there before."""

    written: bool
    serial_before: int | None
    serial: int
    changes: tuple[StateEdit, ...]
    unmatched: tuple[str, ...]
    backup: str | None


@record
class Written(Record):
    """What a write left."""

    etag: str | None
    version: str | None
    backup: str | None


@record
class RawState(Record):
    """The bytes of a state, as a backend keeps them."""

    bytes: bytes
    etag: str | None = None
    version: str | None = None
    modified: datetime | None = None

    def __repr__(self) -> str:
        # A state holds secrets.
        return f"RawState({len(self.bytes)} bytes, etag={self.etag!r}, version={self.version!r})"


LockId: TypeAlias = str
"""The id of a lock that is held."""


# --- events ----------------------------------------------------------------------------------------------------------------------------------


@record
class Started(Record):
    """A step begins."""

    type: Literal["started"]
    step: str
    total: int | None


@record
class Progressed(Record):
    """Part of the current step is done."""

    type: Literal["progressed"]
    done: int
    total: int | None


@record
class ProviderStarted(Record):
    """A provider process is about to run native code with the credentials of this process."""

    type: Literal["provider_started"]
    source: str
    version: str | None
    path: str


@record
class ProviderStopped(Record):
    """A provider process ended."""

    type: Literal["provider_stopped"]
    source: str


@record
class InstanceRead(Record):
    """One instance was looked at."""

    type: Literal["instance_read"]
    address: str
    outcome: Literal["same", "drifted", "deleted", "unverifiable", "skipped"]


@record
class Warned(Record):
    """Something a person should know, that is no error."""

    type: Literal["warning"]
    message: str


Event: TypeAlias = Started | Progressed | ProviderStarted | ProviderStopped | InstanceRead | Warned
"""What ``on_event=`` is told."""

_EVENTS: dict[str, type[Event]] = {
    "started": Started,
    "progressed": Progressed,
    "provider_started": ProviderStarted,
    "provider_stopped": ProviderStopped,
    "instance_read": InstanceRead,
    "warning": Warned,
}


def _event(data: dict[str, Any]) -> Event | None:
    known = _EVENTS.get(data["type"])
    return known.from_dict(data) if known else None
