"""A library in somebody else's process: threads, forks, logging, memory, the command line."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import multiprocessing
import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from conftest import REPOSITORY, Slow

import driftmgr

CALLS = int(os.environ.get("DRIFTMGR_LEAK_CALLS", "100000"))


def resident() -> int:
    """Memory of this process, in KiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def test_64_threads_work_at_a_time(stack: driftmgr.Stack, report: driftmgr.DriftReport) -> None:
    with ThreadPoolExecutor(64) as pool:
        reports = list(pool.map(lambda _: stack.detect_drift(plugins=False), range(128)))
    assert all(each == report for each in reports)


def test_other_threads_go_on_while_one_waits(stack: driftmgr.Stack, slow: Slow) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(stack.with_reality(slow).detect_drift)
        assert slow.asked.acquire(timeout=30)
        turns = 0
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            turns += 1
            time.sleep(0.001)
        assert turns > 50
        assert not waiting.done()
        slow.go.set()
        assert waiting.result(30).summary.checked > 0


def test_many_tasks_of_one_loop_work_at_a_time(stack: driftmgr.Stack, report: driftmgr.DriftReport) -> None:
    async def many() -> list[driftmgr.DriftReport]:
        return await asyncio.gather(*(stack.detect_drift_async(plugins=False) for _ in range(64)))

    assert all(each == report for each in asyncio.run(many()))


def _in_child(folder: str) -> int:
    os.chdir(folder)
    with driftmgr.open(".") as stack:
        return stack.detect_drift(plugins=False).summary.deleted


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
# A warning about forking with threads is what the test is about.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_processes_that_are_forked_after_use_work(quickstart: Path, method: str) -> None:
    assert _in_child(str(quickstart)) == 2
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        assert list(pool.map(_in_child, [str(quickstart)] * 4)) == [2] * 4
    assert _in_child(str(quickstart)) == 2


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_was_opened_before_a_fork_works_after_it(stack: driftmgr.Stack, report: driftmgr.DriftReport) -> None:
    stream = stack.iter_drift(plugins=False)
    next(stream)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            same = stack.detect_drift(plugins=False) == report
            try:
                next(stream)
                told = "nothing"
            except driftmgr.DriftmgrError as error:
                told = error.kind
            os.write(writing, f"{same} {told}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    assert os.read(reading, 100) == b"True unsupported"
    os.waitpid(child, 0)
    assert len(list(stream)) == 1


def test_memory_stays_flat(stack: driftmgr.Stack, quickstart: Path) -> None:
    data = Path("terraform.tfstate").read_bytes()

    async def awaited(calls: int) -> None:
        for _ in range(calls):
            await driftmgr.State.read_async("terraform.tfstate")

    def some(calls: int) -> None:
        for _ in range(calls):
            driftmgr.State.parse(data).list()
        for _ in range(calls // 40):
            driftmgr.open(".").close()
            with pytest.raises(FileNotFoundError):
                driftmgr.open("nowhere")
        for _ in range(calls // 100):
            assert stack.detect_drift(plugins=False, on_event=lambda _: None).findings[0].address
        asyncio.run(awaited(calls // 10))

    some(CALLS // 5)
    gc.collect()
    before = resident()
    some(CALLS)
    gc.collect()
    grown = resident() - before
    assert grown < 16 * 1024, f"{grown} KiB after {CALLS} calls"


def test_the_log_goes_to_logging() -> None:
    script = (
        "import logging, sys, driftmgr\n"
        "logging.basicConfig(level=sys.argv[1], format='%(levelname)s %(name)s %(message)s', stream=sys.stdout)\n"
        "driftmgr._native._log('told')\n"
    )
    for level, expected in (("DEBUG", "DEBUG driftmgr.backend.local told\n"), ("WARNING", "")):
        told = subprocess.run([sys.executable, "-c", script, level], capture_output=True, text=True, check=True)
        assert told.stdout == expected
    assert logging.getLogger("driftmgr").level == logging.NOTSET


ENDING = """
import sys, threading, time, driftmgr

class Slow(driftmgr.Reality):
    def observe(self, address, attributes):
        time.sleep({seconds})
        return attributes

stack = driftmgr.open(".").with_reality(Slow())
told = []
threading.Thread(target=stack.detect_drift, kwargs={{"on_event": told.append}}, daemon=True).start()
time.sleep({wait})
"""


@pytest.mark.parametrize("seconds", [0.05, 0.2, 0.4])
@pytest.mark.parametrize("wait", [0.0, 0.2])
def test_a_program_may_end_while_a_call_goes_on(quickstart: Path, seconds: float, wait: float) -> None:
    script = ENDING.format(seconds=seconds, wait=wait)
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (told.returncode, told.stderr) == (0, "")


def command(*arguments: str, module: bool = False) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "driftmgr"] if module else [str(Path(sys.executable).with_name("driftmgr"))]
    return subprocess.run([*program, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("module", [False, True])
def test_the_command_line_comes_along(quickstart: Path, report: driftmgr.DriftReport, module: bool) -> None:
    told = command("drift", "--no-plugins", "--format", "json", module=module)
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout) == report.to_dict()
    assert command("check", "--no-plugins", module=module).returncode == 2
    assert command("check", "--no-such-flag", module=module).returncode == 1
    assert command("--version", module=module).stdout.startswith(f"driftmgr {driftmgr.__version__}")


def test_importing_starts_no_threads_and_stays_quick() -> None:
    script = "import time; t = time.perf_counter(); import driftmgr, os; print(time.perf_counter() - t, len(os.listdir('/proc/self/task')))"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    seconds, threads = told.stdout.split()
    assert threads == "1"
    assert float(seconds) < 2


def everything(module: Any) -> set[str]:
    return set(module.__all__)


def test_every_public_name_is_there_and_documented() -> None:
    for name in everything(driftmgr):
        value = getattr(driftmgr, name)
        if callable(value) and isinstance(value, type):
            assert value.__doc__, name
            for method, each in vars(value).items():
                if not method.startswith("_") and (callable(each) or isinstance(each, property)):
                    assert each.__doc__, f"{name}.{method}"


def test_the_examples_of_the_readme_run(quickstart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("prod.tfstate", "old.tfstate"):
        (quickstart.parent / name).write_bytes((quickstart / "terraform.tfstate").read_bytes())
    quickstart.rename(quickstart.parent / "infra")
    monkeypatch.chdir(quickstart.parent)
    blocks = (REPOSITORY / "bindings-python/README.md").read_text().split("```python\n")[1:]
    assert len(blocks) >= 2
    known: dict[str, Any] = {"driftmgr": driftmgr}
    for block in blocks:
        exec(compile(block.split("```")[0], "README.md", "exec"), known)
    assert known["report"].summary.deleted == 2
