#!/usr/bin/env python3
"""Opens and indexes large states: driftmgr beside what a script would use instead.

    python benches/python/bench.py [--sizes 10,100] [--runs 3] [--states 10000] [--no-calls]

Each measurement is a process of its own, so that memory is its own too. The first answer is the sorted list of instance addresses: `json`, `orjson`
and `msgspec` parse, and build it by hand. Memory is the peak of the process less what it had after its imports. The state files are made here, with
the shape of real ones: many small objects, some larger ones, secrets, lists of blocks. `beside` compares CPU seconds, which other work on the machine
changes least.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

TOOLS = ("driftmgr", "json", "orjson", "msgspec")
MB = 1_000_000


def instance(chance: random.Random, number: int) -> dict[str, Any]:
    """One object, of 1 to 3 kB."""
    name = f"web-{number:06d}"
    text = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=chance.randint(100, 900)))
    return {
        "schema_version": 1,
        "attributes": {
            "ami": f"ami-{chance.getrandbits(68):017x}",
            "arn": f"arn:aws:ec2:eu-west-1:123456789012:instance/i-{number:017x}",
            "associate_public_ip_address": bool(number % 3),
            "availability_zone": f"eu-west-1{chance.choice('abc')}",
            "cpu_core_count": chance.choice([2, 4, 8, 16]),
            "ebs_block_device": [
                {"delete_on_termination": True, "device_name": f"/dev/sd{letter}", "iops": 3000, "kms_key_id": "", "volume_size": 100.5}
                for letter in "fgh"[: number % 4]
            ],
            "id": f"i-{number:017x}",
            "instance_type": chance.choice(["t3.micro", "m6i.large", "c7g.4xlarge"]),
            "private_ip": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
            "tags": {"Name": name, "env": chance.choice(["prod", "stage"]), "owner": f"team-{number % 40}"},
            "user_data": text,
            "vpc_security_group_ids": [f"sg-{chance.getrandbits(68):017x}" for _ in range(1 + number % 3)],
        },
        "sensitive_attributes": [[{"type": "get_attr", "value": "user_data"}]] if number % 5 == 0 else [],
        "private": "eyJzY2hlbWFfdmVyc2lvbiI6IjEifQ==",
        "dependencies": ["aws_subnet.main", "aws_vpc.main", "module.network.aws_security_group.web"],
    }


def resource(chance: random.Random, number: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "mode": "managed",
        "type": "aws_instance",
        "name": f"web_{number}",
        "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
        "instances": [],
    }
    if number % 2:
        made = {"module": f"module.team[{number % 40}].module.app", **made}
    count = chance.choice([1, 1, 2, 4])
    for index in range(count):
        key = {"index_key": index} if count > 1 else {}
        made["instances"].append({**key, **instance(chance, number * 4 + index)})
    return made


def make_state(path: Path, size: int) -> None:
    """A state of about so many bytes, laid out as Terraform lays it out."""
    chance = random.Random(size)
    head = {"version": 4, "terraform_version": "1.9.8", "serial": 41, "lineage": "0f0e0d0c-1111-2222-3333-444455556666", "outputs": {}}
    with path.open("w") as file:
        file.write(json.dumps(head, indent=2)[:-2] + ',\n  "resources": [\n')
        written, number = 0, 0
        while written < size:
            text = ("" if number == 0 else ",\n") + json.dumps(resource(chance, number), indent=2)
            file.write(text)
            written += len(text)
            number += 1
        file.write('\n  ],\n  "check_results": null\n}\n')


def addresses(state: dict[str, Any]) -> list[str]:
    """What has to be written by hand where nobody knows what a state means."""
    found = []
    for each in state["resources"]:
        module = each.get("module")
        data = "data." if each["mode"] == "data" else ""
        base = f"{module + '.' if module else ''}{data}{each['type']}.{each['name']}"
        for instance in each["instances"]:
            key = instance.get("index_key")
            found.append(base if key is None else f"{base}[{json.dumps(key)}]")
    return sorted(found)


def peak() -> int:
    """The most memory this process has had, in bytes. The kernel's mark is reset after the imports, where it can be."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def reset_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def child(tool: str, path: str) -> None:
    """One measurement: seconds to the first answer, bytes of memory for it, how many addresses."""
    if tool == "driftmgr":
        import driftmgr

        def answer() -> list[str]:
            return driftmgr.State.read(path).list()

    elif tool == "json":

        def answer() -> list[str]:
            with open(path, "rb") as file:
                return addresses(json.load(file))

    else:
        loads = __import__("orjson").loads if tool == "orjson" else __import__("msgspec").json.decode

        def answer() -> list[str]:
            with open(path, "rb") as file:
                return addresses(loads(file.read()))

    reset_peak()
    before = peak()
    start, busy = perf_counter(), process_time()
    count = len(answer())
    seconds, cpu = perf_counter() - start, process_time() - busy
    print(json.dumps({"seconds": seconds, "cpu": cpu, "bytes": peak() - before, "addresses": count}))


def measure(tool: str, path: Path, runs: int) -> dict[str, Any]:
    results = []
    for _ in range(runs):
        command = [sys.executable, __file__, "--child", tool, str(path)]
        told = subprocess.run(command, capture_output=True, text=True, check=True)
        results.append(json.loads(told.stdout))
    return {
        "seconds": statistics.median(each["seconds"] for each in results),
        "cpu": statistics.median(each["cpu"] for each in results),
        "bytes": max(each["bytes"] for each in results),
        "addresses": results[0]["addresses"],
    }


def many(folder: Path, count: int, runs: int) -> list[tuple[str, float, float]]:
    """Many small states from disk: an event loop and threads of driftmgr, beside a thread pool with orjson."""
    import orjson

    import driftmgr

    paths = [folder / f"{number}.tfstate" for number in range(count)]
    for number, path in enumerate(paths):
        make_state(path, 20_000 + number % 7)

    async def in_loop() -> int:
        limit = asyncio.Semaphore(64)

        async def one(path: Path) -> int:
            async with limit:
                return len((await driftmgr.State.read_async(path)).list())

        return sum(await asyncio.gather(*map(one, paths)))

    def by_orjson(path: Path) -> int:
        return len(addresses(orjson.loads(path.read_bytes())))

    def pooled(work: Any) -> int:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return sum(pool.map(work, paths))

    ways: dict[str, Callable[[], int]] = {
        "driftmgr, asyncio": lambda: asyncio.run(in_loop()),
        "driftmgr, threads": lambda: pooled(lambda path: len(driftmgr.State.read(path).list())),
        "orjson, threads": lambda: pooled(by_orjson),
    }
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    counts = set()
    for _ in range(runs):
        for name, work in ways.items():
            start, busy = perf_counter(), process_time()
            counts.add(work())
            took[name].append((perf_counter() - start, process_time() - busy))
    if len(counts) != 1:
        raise SystemExit(f"the tools do not agree: {counts}")
    return [(name, statistics.median(wall for wall, _ in each), statistics.median(cpu for _, cpu in each)) for name, each in took.items()]


def calls_in_python(path: Path, calls: int) -> dict[str, float]:
    """Nanoseconds of calls of the binding, as `benches/benches/calls.rs` measures them in Rust."""
    import driftmgr

    data = path.read_bytes()
    state = driftmgr.State.parse(data)

    def each(count: int, work: Callable[[], object]) -> float:
        start = perf_counter()
        for _ in range(count):
            work()
        return (perf_counter() - start) * 1e9 / count

    return {
        "serial": each(calls * 100, lambda: state.serial),
        "list": each(calls, state.list),
        "parse": each(calls, lambda: driftmgr.State.parse(data)),
        "addresses": len(state.list()),
    }


def calls_in_rust(path: Path) -> dict[str, float]:
    command = ["cargo", "bench", "--quiet", "--workspace", "--bench", "calls", "--", str(path)]
    told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=Path(__file__).parents[2])
    found: dict[str, float] = json.loads(told.stdout)
    return found


def overhead(folder: Path) -> None:
    """A row for each call: the binding beside Rust."""
    print("| one call | Rust | Python | more |\n|---|---|---|---|")
    for name, size in (("20 kB", 20_000), ("1 MB", MB)):
        path = folder / "calls.tfstate"
        make_state(path, size)
        rust, python = calls_in_rust(path), calls_in_python(path, 20_000_000 // size)
        if rust["addresses"] != python["addresses"]:
            raise SystemExit(f"they do not agree: {rust} {python}")
        for call in ("serial", "list", "parse"):
            more = python[call] - rust[call]
            print(f"| `{call}` of {name} | {rust[call] / 1e3:.2f} µs | {python[call] / 1e3:.2f} µs | {more / 1e3:.2f} µs |")
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--sizes", default="10,100", help="sizes of states in MB")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--states", type=int, default=10_000, help="how many small states to read from disk; 0 for none")
    parser.add_argument("--no-calls", action="store_true", help="leave out the calls, whose side in Rust has to be compiled")
    given = parser.parse_args()
    if given.child:
        child(*given.child)
        return
    print(f"CPython {platform.python_version()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}\n")
    with tempfile.TemporaryDirectory() as name:
        for size in map(int, given.sizes.split(",")):
            path = Path(name) / f"{size}.tfstate"
            make_state(path, size * MB)
            # The largest ones say the same every time.
            runs = given.runs if size < 50 else 1
            rows = {tool: measure(tool, path, runs) for tool in TOOLS}
            if len({row["addresses"] for row in rows.values()}) != 1:
                raise SystemExit(f"the tools do not agree: {rows}")
            best = rows["driftmgr"]
            what = f"{path.stat().st_size / MB:.0f} MB, {best['addresses']} objects"
            print(f"| {what} | seconds | CPU seconds | beside | memory, MB | beside |\n|---|---|---|---|---|---|")
            for tool, measured in rows.items():
                times, memory = measured["cpu"] / best["cpu"], measured["bytes"] / best["bytes"]
                print(f"| {tool} | {measured['seconds']:.3f} | {measured['cpu']:.3f} | {times:.1f}x | {measured['bytes'] / MB:.0f} | {memory:.1f}x |")
            print()
            path.unlink()
        if given.states:
            print(f"| {given.states} states of 20 kB | seconds | CPU seconds |\n|---|---|---|")
            for row, seconds, cpu in many(Path(name), given.states, given.runs):
                print(f"| {row} | {seconds:.2f} | {cpu:.2f} |")
            print()
        if not given.no_calls:
            overhead(Path(name))


if __name__ == "__main__":
    main()
