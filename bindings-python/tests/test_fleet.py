"""Jobs over many states: a row for each input, and the same as one state at a time gives."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar
from urllib.error import URLError
from urllib.request import Request, urlopen

import fleets
import pytest
from fleets import SECRET, Fleet

import driftmgr
from driftmgr import fleet
from driftmgr.exceptions import InvalidInputError, NotFoundError, RateLimitedError
from driftmgr.fleet._job import Cells, EachJob, Row

pyarrow = pytest.importorskip("pyarrow")

TOOLS = os.environ.get("DRIFTMGR_TOOLS_DIR")


@pytest.fixture
def many(tmp_path: Path) -> Fleet:
    return fleets.make(tmp_path, 8)


def python(script: str, *arguments: object) -> str:
    """What a program of its own prints."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


# --- what is loaded --------------------------------------------------------------------------------------------------------------------------


def test_importing_it_loads_no_engine_and_no_arrow() -> None:
    loaded = python("import sys, driftmgr, driftmgr.fleet; print({'ray', 'pyspark', 'pyarrow', 'pandas'} & set(sys.modules))")
    assert loaded == "set()\n"


@pytest.mark.parametrize(("module", "engine", "extra"), [("driftmgr.ray", "ray", "ray"), ("driftmgr.spark", "pyspark", "spark")])
def test_a_missing_engine_is_an_import_error_that_names_the_extra(module: str, engine: str, extra: str) -> None:
    script = f"""
import sys
sys.modules[{engine!r}] = None
try:
    import {module}
except ImportError as missing:
    print(missing, missing.name)
"""
    assert f"pip install driftmgr[{extra}] {engine}" in python(script)


def test_missing_arrow_is_an_import_error_that_names_the_extra() -> None:
    script = """
import sys
sys.modules["pyarrow"] = None
from driftmgr import fleet
try:
    fleet.run(fleet.Health(), [])
except ImportError as missing:
    print(missing)
"""
    assert "pip install driftmgr[fleet]" in python(script)


# --- a row for each input --------------------------------------------------------------------------------------------------------------------


def test_every_job_has_a_row_for_each_input_in_their_order(many: Fleet) -> None:
    for job, inputs in many.asked():
        table = fleet.run(job, inputs, batch_size=3)
        assert table.schema.equals(job.schema)
        named = [row if len(job.columns) > 1 else row[0] for row in zip(*(table.column(name).to_pylist() for name in job.columns), strict=True)]
        assert named == list(inputs)
        for row, given in zip(table.to_pylist(), inputs, strict=True):
            bad = set(many.bad).intersection(given if isinstance(given, tuple) else [given])
            assert (row["error"] is not None) == bool(bad)


def test_batches_and_threads_change_nothing(many: Fleet) -> None:
    for job, inputs in many.asked():
        whole = fleet.run(job, inputs, batch_size=1000, threads=1)
        assert fleet.run(job, inputs, batch_size=1, threads=4).equals(whole)
        assert fleet.run(replace(job, threads=4), inputs, batch_size=5).equals(whole)


def test_errors_say_what_where_and_what_to_do(many: Fleet) -> None:
    rows = fleet.run(fleet.Health(), many.bad).to_pylist()
    broken, plan, missing, nothing, url = (row["error"] for row in rows)
    assert [each["kind"] for each in (broken, plan, missing, nothing, url)] == [
        "invalid_state",
        "invalid_state",
        "not_found",
        "invalid_input",
        "unsupported",
    ]
    assert "truncated" in broken["message"]
    assert dict(missing["context"])["file"] == many.bad[2]
    assert all(each["hints"] for each in (broken, missing, nothing, url))
    for row in rows:
        known = {name for name, value in row.items() if value is not None}
        assert known <= {"input", "attempts", "error"}, "nothing of it reads as an answer"


def test_what_one_may_not_read_is_a_row_too(many: Fleet) -> None:
    # The superuser may read everything, so that right is given up.
    script = """
import json, os, sys
import pyarrow
from driftmgr import fleet
denied, good = sys.argv[1:]
os.chmod(denied, 0)
os.chmod(good, 0o644)
if os.geteuid() == 0:
    os.seteuid(65534)
jobs = [fleet.Health(), fleet.Parse(), fleet.Drift(options={"plugins": False})]
rows = [fleet.run(job, [denied, good]).to_pylist() for job in jobs]
print(json.dumps([[row["error"] and row["error"]["kind"] for row in each] for each in rows]))
"""
    for folder in [many.folder, *many.folder.parents][:3]:
        folder.chmod(0o755)
    assert json.loads(python(script, many.good[0], many.good[1])) == [["permission_denied", None]] * 3


def test_an_empty_listing_is_an_empty_table() -> None:
    for job in (fleet.Parse(), fleet.Health(), fleet.Compare(), fleet.Drift()):
        table = fleet.run(job, [])
        assert table.num_rows == 0
        assert table.schema.equals(job.schema)


def test_a_number_that_no_table_can_hold_costs_one_row(tmp_path: Path) -> None:
    for name, serial in (("large", 2**63), ("largest", 2**63 - 1)):
        (tmp_path / name).write_text(json.dumps({"version": 4, "serial": serial, "lineage": "l", "outputs": {}, "resources": []}))
    large, largest = fleet.run(fleet.Parse(), [tmp_path / "large", tmp_path / "largest"]).to_pylist()
    assert large["error"]["kind"] == "unsupported"
    assert (largest["error"], largest["serial"]) == (None, 2**63 - 1)


# --- the same as one at a time ---------------------------------------------------------------------------------------------------------------


def test_parsing_says_what_a_state_says(many: Fleet) -> None:
    for row in fleet.run(fleet.Parse(), many.good).to_pylist():
        state = driftmgr.State.read(row["input"])
        inspected = state.inspect().to_dict()
        assert [{**each, "key": each["key"]} for each in row["objects"]] == inspected["objects"]
        assert row["outputs"] == inspected["outputs"]
        assert (row["serial"], row["lineage"], row["bytes"]) == (state.serial, state.lineage, state.bytes)


def test_health_is_the_health_of_the_state(many: Fleet) -> None:
    for row in fleet.run(fleet.Health(), many.good).to_pylist():
        known = driftmgr.State.read(row["input"]).analyze().to_dict()
        health, facts = known["health"], known["analysis"]
        assert {name: row[name] for name in ("score", "band", "age", "reasons")} == health
        assert (row["resources"], row["instances"], dict(row["by_type"])) == (facts["resources"], facts["instances"], facts["by_type"])
        assert row["hints"] == facts["hints"]


def test_comparing_tells_the_one_thing_that_changed(many: Fleet) -> None:
    before = Path(many.good[0])
    state = json.loads(before.read_text())
    state["resources"][0]["instances"][0]["attributes"]["filename"] = "elsewhere"
    after = before.with_name("after.tfstate")
    after.write_text(json.dumps(state))
    same, changed = fleet.run(fleet.Compare(), [(before, before), (before, after)]).to_pylist()
    assert (same["same"], same["changed"]) == (True, [])
    assert changed["same"] is False
    (an_object,) = changed["changed"]
    assert an_object["address"] == "local_file.robots"
    (change,) = an_object["changes"]
    assert (change["path"], json.loads(change["before"]), json.loads(change["after"])) == ("filename", "public/robots.txt", "elsewhere")


def test_drift_of_many_is_the_drift_of_each(many: Fleet) -> None:
    rows = fleet.run(fleet.Drift(options={"plugins": False}), many.good, batch_size=100).to_pylist()
    assert len({row["deleted"] for row in rows}) > 1
    for row in rows:
        report = driftmgr.open(row["input"]).detect_drift(plugins=False)
        check = report.check()
        counts = {name: row[name] for name in report.summary.to_dict() if name != "unmanaged"}
        assert counts | {"unmanaged": 0} == report.summary.to_dict()
        assert (row["safe"], row["exit"], row["score"]) == (check.safe, check.exit, report.score.value)
        assert [(each["address"], each["fingerprint"], each["reasons"]) for each in row["findings"]] == [
            (each.address, each.drift.fingerprint, list(each.reasons)) for each in report.findings
        ]


def test_one_changed_fact_changes_one_row(many: Fleet) -> None:
    job = fleet.Drift(options={"plugins": False})
    before = fleet.run(job, many.inputs).to_pylist()
    (Path(many.good[4]).parent / "public/robots.txt").write_text("changed")
    after = fleet.run(job, many.inputs).to_pylist()
    differing = [new for old, new in zip(before, after, strict=True) if old != new]
    assert [row["input"] for row in differing] == [many.good[4]]
    assert "local_file.robots" in [each["address"] for each in differing[0]["findings"]]


def test_what_was_not_looked_at_is_never_safe(many: Fleet) -> None:
    state = json.loads(Path(many.good[0]).read_text())
    state["resources"] = [each for each in state["resources"] if each["type"] == "null_resource"]
    state["resources"][0] |= {"type": "nobody_knows", "provider": 'provider["example.invalid/nobody/knows"]'}
    file = many.folder / "unknown.tfstate"
    file.write_text(json.dumps(state))
    (row, _) = fleet.run(fleet.Drift(options={"plugins": False}), [file, many.good[0]]).to_pylist()
    assert (row["safe"], row["exit"], row["unverifiable"], row["error"]) == (None, 3, 1, None)
    assert row["not_looked_at"][0]["reason"]


def test_a_target_that_is_listed_twice_has_two_rows(many: Fleet) -> None:
    twice = [many.good[1], f"file://{many.good[1]}", many.good[1]]
    rows = fleet.run(fleet.Drift(options={"plugins": False}), twice).to_pylist()
    assert [row["input"] for row in rows] == twice
    assert [{**row, "input": None} for row in rows[1:]] == [{**rows[0], "input": None}] * 2


def test_runs_are_bounded_by_the_size_of_states(many: Fleet) -> None:
    options: driftmgr.DriftOptions = {"plugins": False}
    whole = fleet.run(fleet.Drift(options=options), many.inputs)
    assert fleet.run(fleet.Drift(options=options, run_bytes=1), many.inputs).equals(whole)
    assert fleet.run(fleet.Drift(options=options, run_bytes=15_000), many.inputs).equals(whole)


def provider(tmp_path: Path) -> tuple[driftmgr.DriftOptions, Path]:
    """Options that ask a real provider for one object, and a file with the process id of each of its starts."""
    mirror = Path(TOOLS or ".") / "mirror/registry.terraform.io/hashicorp/null"
    found = sorted(mirror.glob("*/*/terraform-provider-null_v*"))
    if not found:
        pytest.skip("no provider is installed: `cargo xtask tools` does it")
    log = tmp_path / "starts"
    wrapper = tmp_path / "terraform-provider-null"
    wrapper.write_text(f"#!/bin/sh\necho $$ >> '{log}'\nexec '{found[0]}' \"$@\"\n")
    wrapper.chmod(0o755)
    options: driftmgr.DriftOptions = {
        "provider_paths": {"registry.terraform.io/hashicorp/null": wrapper},
        "targets": ["null_resource.announce"],
    }
    return options, log


def running(log: Path, expected: int) -> bool:
    """Whether so many of them run; one that was killed may take a moment."""
    until = time.monotonic() + 3
    while sum(Path(f"/proc/{pid}/exe").exists() for pid in log.read_text().split()) != expected:
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def test_a_provider_serves_all_batches_of_a_job_and_ends_with_it(many: Fleet, tmp_path: Path) -> None:
    options, log = provider(tmp_path)
    job = fleet.Drift(options=options)
    for starts, batch_size in ((1, len(many.good)), (2, 3)):
        rows = fleet.run(job, many.good, batch_size=batch_size).to_pylist()
        assert [(row["checked"], row["same"], row["error"]) for row in rows] == [(1, 1, None)] * len(many.good)
        assert len(log.read_text().split()) == starts, "one process, and not one for each state or batch"
        assert running(log, 0)


def test_a_client_can_keep_its_providers(many: Fleet, tmp_path: Path) -> None:
    options, log = provider(tmp_path)
    client = driftmgr.Client(keep_providers=True)
    for target in many.good:
        assert client.detect_drift([client.open(target)], **options).summary.same == 1
    assert len(log.read_text().split()) == 1
    assert running(log, 1)
    client.end_providers()
    assert running(log, 0)
    assert client.detect_drift([client.open(many.good[0])], **options).summary.same == 1
    assert len(log.read_text().split()) == 2
    asyncio.run(client.end_providers_async())
    assert running(log, 0)
    with pytest.raises(TypeError, match="keep_providers must be bool, not str"):
        driftmgr.Client(keep_providers="yes")  # type: ignore[arg-type]


def test_no_secret_is_in_any_result(many: Fleet) -> None:
    for job, inputs in many.asked():
        assert SECRET not in str(fleet.run(job, inputs).to_pylist())
    (row,) = fleet.run(fleet.Compare(), [(many.good[0], many.good[1])]).to_pylist()
    assert [each["sensitive"] for each in row["changed"][0]["changes"]] == [True]


def test_a_url_with_credentials_is_refused_and_not_repeated() -> None:
    urls = ["s3://key:swordfish@bucket/a.tfstate", "s3://bucket/a.tfstate?secret_key=swordfish", "abfs://:swordfish@account/a/b.tfstate"]
    for job in (fleet.Health(), fleet.Drift()):
        table = fleet.run(job, urls)
        assert "swordfish" not in str(table.to_pylist())
        assert all(row["error"]["kind"] in ("invalid_input", "unsupported") for row in table.to_pylist())


# --- again ------------------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Throttled(EachJob):
    """The other side asks to slow down, so many times."""

    _name: ClassVar[str] = "health"
    times: int
    counted: list[int]

    def _found(self, cells: Cells) -> Row:
        self.counted.append(1)
        if len(self.counted) <= self.times:
            raise RateLimitedError("slower, please")
        return {"score": 100}


@pytest.mark.parametrize(("times", "attempts", "score"), [(0, 1, 100), (2, 3, 100), (3, 3, None)])
def test_what_may_pass_is_tried_again_and_then_told(times: int, attempts: int, score: int | None) -> None:
    (row,) = fleet.run(Throttled(times=times, counted=[], pause=0.001), ["a"]).to_pylist()
    assert (row["attempts"], row["score"]) == (attempts, score)
    if score is None:
        assert (row["error"]["kind"], row["error"]["retryable"]) == ("rate_limited", True)


@dataclass(frozen=True, kw_only=True)
class Failing(EachJob):
    _name: ClassVar[str] = "health"
    error: Exception

    def _found(self, cells: Cells) -> Row:
        raise self.error


def test_an_exception_that_nobody_foresaw_costs_one_row_and_does_not_tell_its_text() -> None:
    (row,) = fleet.run(Failing(error=KeyError("swordfish")), ["a"]).to_pylist()
    assert row["error"]["kind"] == "not_found"
    assert "KeyError" in row["error"]["message"]
    assert "swordfish" not in str(row)


# --- inputs -----------------------------------------------------------------------------------------------------------------------------------


def test_a_folder_is_listed_without_what_looks_like_states(tmp_path: Path) -> None:
    for name in ("b/x.tfstate", "a/terraform.tfstate", "a/.terraform/terraform.tfstate", "c/notes.txt", "a/.git/y.tfstate"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert fleet.listing(tmp_path) == [f"{tmp_path}/a/terraform.tfstate", f"{tmp_path}/b/x.tfstate"]
    assert fleet.listing(tmp_path, "terraform.*") == [f"{tmp_path}/a/terraform.tfstate"]
    assert fleet.listing(f"file://{tmp_path}") == [f"file://{each}" for each in fleet.listing(tmp_path)]
    for missing in (tmp_path / "none", f"file://{tmp_path}/none"):
        with pytest.raises(NotFoundError):
            fleet.listing(missing)


def test_a_subfolder_that_cannot_be_read_is_no_gap(tmp_path: Path) -> None:
    script = """
import os, sys
import pyarrow
from driftmgr import fleet
if os.geteuid() == 0:
    os.seteuid(65534)
listed = fleet.listing(sys.argv[1])
print(listed, [row["error"]["kind"] for row in fleet.run(fleet.Health(), listed).to_pylist()])
"""
    shut = tmp_path / "shut"
    shut.mkdir()
    (shut / "a.tfstate").touch()
    shut.chmod(0)
    for folder in [tmp_path, *tmp_path.parents][:3]:
        folder.chmod(0o755)
    try:
        assert python(script, tmp_path) == f"['{shut}'] ['permission_denied']\n"
    finally:
        shut.chmod(0o700)


@pytest.mark.parametrize("library", ["pyarrow", "pandas", "polars"])
def test_a_table_with_a_column_is_a_listing(many: Fleet, library: str) -> None:
    columns = {"team": ["a", "b"], "old": many.good[:2], "new": many.good[1:3]}
    module = pytest.importorskip(library)
    make: Callable[[Any], Any] = module.table if library == "pyarrow" else module.DataFrame
    table = make(columns)
    assert fleet.run(fleet.Health(), table, columns="new").equals(fleet.run(fleet.Health(), many.good[1:3]))
    pairs = list(zip(many.good[:2], many.good[1:3], strict=True))
    assert fleet.run(fleet.Compare(), table, columns=("old", "new")).equals(fleet.run(fleet.Compare(), pairs))


def test_a_table_without_the_column_says_which_it_has() -> None:
    table = pyarrow.table({"path": ["a"], "number": [1], "list": [[1]]})
    with pytest.raises(ValueError, match="no column 'input', but path, number, list"):
        fleet.run(fleet.Health(), table)
    with pytest.raises(ValueError, match="takes 2 columns"):
        fleet.run(fleet.Compare(), table, columns="path")
    for column in ("list", "number"):
        with pytest.raises(TypeError, match=f"'{column}' must be text"):
            fleet.run(fleet.Health(), table, columns=column)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [("a.tfstate", "one path is none"), (Path("a"), "one path is none"), ([1], "a path or URL"), ([("a", "b")], "a path or URL")],
)
def test_wrong_inputs_are_errors_of_the_caller(inputs: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        fleet.run(fleet.Health(), inputs)


def test_wrong_pairs_are_errors_of_the_caller() -> None:
    for wrong in ("ab", ["a"], ("a", "b", "c")):
        with pytest.raises(TypeError, match="2 paths or URLs"):
            fleet.run(fleet.Compare(), [wrong])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: fleet.Health(retries=-1), ValueError, "retries"),
        (lambda: fleet.Health(threads=0), ValueError, "threads"),
        (lambda: fleet.Health(threads="4"), TypeError, "threads"),  # type: ignore[arg-type]
        (lambda: fleet.Drift(options={"on_event": print}), TypeError, "on_event"),
        (lambda: fleet.Drift(options={"plugin": True}), TypeError, "plugin"),  # type: ignore[typeddict-unknown-key]
        (lambda: fleet.Drift(options={"targets": ["?"]}), InvalidInputError, "address"),
        (lambda: fleet.Drift(variables=[1]), TypeError, "variables"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_option_is_told_before_anything_is_sent(make: Callable[[], fleet.Job], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


@contextmanager
def s3(state: bytes, **environment: str) -> Iterator[str]:
    """A server of S3 with one state in a bucket; what its URLs end with."""
    server = Path(TOOLS or ".") / "python/bin/moto_server"
    if not server.exists():
        pytest.skip("no S3 server is installed: `cargo xtask tools` does it")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [os.fspath(server), "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            bucket = f"http://127.0.0.1:{port}/fleet"
            for attempt in range(600):
                try:
                    urlopen(Request(bucket, method="PUT"), timeout=30).close()
                    break
                except URLError:
                    assert attempt < 599, "the server did not start"
                    time.sleep(0.1)
            kind = {"Content-Type": "application/octet-stream"}
            urlopen(Request(f"{bucket}/team/a.tfstate", data=state, method="PUT", headers=kind), timeout=30).close()
            yield f"?region=us-east-1&scheme=http&endpoint_override=127.0.0.1:{port}"
        finally:
            process.terminate()


READ_FROM_S3 = """
import json, sys
from driftmgr import fleet
folder, *inputs = sys.argv[1:]
listed = fleet.listing(folder) if folder else []
print(json.dumps(fleet.run(fleet.Health(retries=0), listed + inputs).to_pylist()))
"""


def read_from_s3(folder: str, *inputs: str) -> list[dict[str, Any]]:
    """In a process of its own, which has the credentials of somebody."""
    environment = {"AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "something", "AWS_EC2_METADATA_DISABLED": "true"}
    command = [sys.executable, "-c", READ_FROM_S3, folder, *inputs]
    told = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=True)
    rows: list[dict[str, Any]] = json.loads(told.stdout)
    return rows


def test_a_bucket_is_listed_and_read(many: Fleet) -> None:
    with s3(Path(many.good[0]).read_bytes()) as end:
        read, missing = read_from_s3(f"s3://fleet/team{end}", f"s3://fleet/none.tfstate{end}")
    (local,) = fleet.run(fleet.Health(), many.good[:1]).to_pylist()
    assert read["input"] == f"s3://fleet/team/a.tfstate{end}"
    assert (read["error"], read["lineage"], read["bytes"], read["instances"]) == (None, local["lineage"], local["bytes"], local["instances"])
    assert read["age"] is None
    assert missing["error"]["kind"] == "not_found"


def test_what_a_server_refuses_is_a_row(many: Fleet) -> None:
    # The bucket and its state are made before anybody is asked who he is.
    with s3(Path(many.good[0]).read_bytes(), INITIAL_NO_AUTH_ACTION_COUNT="2") as end:
        denied, read = read_from_s3("", f"s3://fleet/team/a.tfstate{end}", many.good[0])
    assert denied["error"]["kind"] == "permission_denied"
    assert read["error"] is None


# --- results ----------------------------------------------------------------------------------------------------------------------------------


def test_jobs_are_values() -> None:
    for job in (fleet.Parse(threads=3), fleet.Health(), fleet.Compare(retries=0), fleet.Drift(options={"plugins": False}, workspace="w")):
        assert pickle.loads(pickle.dumps(job)) == job


def test_results_are_the_same_when_they_come_back_from_parquet(many: Fleet, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    duckdb = pytest.importorskip("duckdb")
    for job, inputs in many.asked():
        table = fleet.run(job, inputs)
        file = tmp_path / f"{type(job).__name__}.parquet"
        parquet.write_table(table, file)
        assert parquet.read_table(file).equals(table)
        failed = duckdb.sql(f"select error.kind from '{file}' where error is not null").fetchall()
        assert sorted(kind for (kind,) in failed) == sorted(row["error"]["kind"] for row in table.to_pylist() if row["error"])


def test_a_stream_begins_no_more_than_is_read(many: Fleet) -> None:
    begun: list[int] = []
    reader = fleet.stream(Throttled(times=0, counted=begun), many.good, batch_size=1, threads=1)
    first = reader.read_next_batch()
    assert first.num_rows == 1
    assert len(begun) <= 3
    assert reader.read_all().num_rows == len(many.good) - 1
