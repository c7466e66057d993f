"""Arrow, which is loaded when it is first needed, and the schemas of all results.

Types are those that Parquet, Spark, Delta, DuckDB, pandas and polars all have: no unsigned numbers, no dictionaries, values of attributes as JSON.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow


def arrow() -> Any:
    """The module pyarrow."""
    try:
        import pyarrow
    except ImportError as missing:
        raise ImportError("driftmgr.fleet needs pyarrow: pip install driftmgr[fleet]", name="pyarrow") from missing
    return pyarrow


@cache
def schema(name: str) -> pyarrow.Schema:
    """The schema of a job's result."""
    return arrow().schema([*_SCHEMAS[name](), *_outcome()])


def _texts() -> Any:
    return arrow().list_(arrow().string())


def _struct(**fields: Any) -> Any:
    return arrow().struct([(name.removesuffix("_"), type) for name, type in fields.items()])


def _fields(**fields: Any) -> list[tuple[str, Any]]:
    return list(fields.items())


def _error() -> Any:
    pa = arrow()
    text = pa.string()
    return _struct(kind=text, message=text, operation=text, context=pa.map_(text, text), hints=_texts(), retryable=pa.bool_())


def _outcome() -> list[tuple[str, Any]]:
    """The last columns of every result."""
    return _fields(attempts=arrow().int64(), error=_error())


def _stored() -> list[tuple[str, Any]]:
    """What a state is."""
    pa = arrow()
    text, count = pa.string(), pa.int64()
    return _fields(input=text, bytes=count, format_version=count, terraform_version=text, serial=count, lineage=text)


def _parse() -> list[tuple[str, Any]]:
    pa = arrow()
    text, count, flag = pa.string(), pa.int64(), pa.bool_()
    an_object = _struct(
        address=text,
        mode=text,
        type=text,
        name=text,
        module=text,
        key=text,
        deposed=text,
        provider=text,
        status=text,
        schema_version=count,
        bytes=count,
        has_secrets=flag,
        create_before_destroy=flag,
        dependencies=_texts(),
    )
    return [*_stored(), *_fields(outputs=_texts(), objects=pa.list_(an_object))]


def _health() -> list[tuple[str, Any]]:
    pa = arrow()
    text, count = pa.string(), pa.int64()
    counts = pa.map_(text, count)
    facts = _fields(
        score=count,
        band=text,
        age=text,
        reasons=pa.list_(_struct(points=count, reason=text)),
        resources=count,
        data_sources=count,
        instances=count,
        outputs=count,
        sensitive_outputs=count,
        instances_with_secrets=count,
        by_type=counts,
        by_provider=counts,
        by_module=counts,
        tainted=_texts(),
        deposed=pa.list_(_struct(address=text, key=text)),
        split_resources=_texts(),
        empty_resources=_texts(),
        orphaned_dependencies=pa.list_(_struct(address=text, dependency=text)),
        hints=_texts(),
    )
    return [*_stored(), *facts]


def _compare() -> list[tuple[str, Any]]:
    pa = arrow()
    text, count, flag = pa.string(), pa.int64(), pa.bool_()
    value = _struct(path=text, before=text, after=text, sensitive=flag)
    field = _struct(field=text, before=text, after=text)
    changed = _struct(address=text, deposed=text, changes=pa.list_(value), metadata=pa.list_(field))
    return _fields(
        before=text,
        after=text,
        before_serial=count,
        after_serial=count,
        before_lineage=text,
        after_lineage=text,
        same=flag,
        added=_texts(),
        removed=_texts(),
        moved=pa.list_(_struct(from_=text, to=text)),
        changed=pa.list_(changed),
        outputs_added=_texts(),
        outputs_removed=_texts(),
        outputs_changed=pa.list_(_struct(name=text, before=text, after=text, sensitive=flag)),
        problems=pa.list_(_problem()),
    )


def _drift() -> list[tuple[str, Any]]:
    pa = arrow()
    text, count, flag = pa.string(), pa.int64(), pa.bool_()
    because = _struct(rule=text, reason=text)
    change = _struct(
        fingerprint=text,
        path=text,
        before=text,
        after=text,
        sensitive=flag,
        material=flag,
        severity=text,
        category=text,
        reason=text,
        configured=flag,
        hidden=because,
    )
    finding = _struct(
        fingerprint=text,
        address=text,
        previous_address=text,
        deposed=text,
        type=text,
        provider=text,
        kind=text,
        class_=text,
        severity=text,
        category=text,
        impact=_texts(),
        reasons=_texts(),
        changes=pa.list_(change),
        effect=text,
        replace_because=_texts(),
        declared=_struct(file=text, line=count),
        hidden=because,
    )
    return _fields(
        input=text,
        safe=flag,
        exit=count,
        checked=count,
        same=count,
        drifted=count,
        deleted=count,
        unverifiable=count,
        skipped=count,
        hidden=count,
        score=count,
        findings=pa.list_(finding),
        not_looked_at=pa.list_(_struct(address=text, deposed=text, kind=text, reason=text)),
        problems=pa.list_(_problem()),
    )


def _problem() -> Any:
    text = arrow().string()
    return _struct(kind=text, message=text, context=arrow().map_(text, text), hints=_texts())


_SCHEMAS = {"parse": _parse, "health": _health, "compare": _compare, "drift": _drift}
