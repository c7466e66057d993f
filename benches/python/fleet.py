#!/usr/bin/env python3
"""Scores many states on threads, on Ray and on Spark, each with one worker and with two: what an engine costs, and how it scales.

    python benches/python/fleet.py [--states 10000] [--runs 3] [--engines threads,ray,spark]

Each measurement is a process of its own. Engines are started, and have done a batch for each worker, before the clock starts; that time stands apart.
All of them write Parquet, and have to write the same.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from bench import make_state

# Both keep to the loopback interface.
RAY = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_USAGE_STATS_ENABLED": "0", "RAY_enable_metrics_collection": "0"}
SPARK = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.parquet.compression.codec": "gzip",
}


def threads(workers: int) -> Callable[[list[str], str], None]:
    import pyarrow.parquet

    from driftmgr import fleet

    def run(states: list[str], out: str) -> None:
        os.makedirs(out)
        pyarrow.parquet.write_table(fleet.run(fleet.Health(), states, threads=workers), f"{out}/0.parquet")

    return run


def on_ray(workers: int) -> Callable[[list[str], str], None]:
    os.environ |= RAY
    import ray

    import driftmgr.ray
    from driftmgr import fleet

    ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    ray.data.DataContext.get_current().enable_progress_bars = False
    return lambda states, out: driftmgr.ray.run(fleet.Health(), states).write_parquet(out)


def on_spark(workers: int) -> Callable[[list[str], str], None]:
    os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    from pyspark.sql import SparkSession

    import driftmgr.spark
    from driftmgr import fleet

    builder = SparkSession.builder.master(f"local[{workers}]")
    for key, value in SPARK.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return lambda states, out: driftmgr.spark.run(spark, fleet.Health(), states).write.parquet(out)


ENGINES: dict[str, Callable[[int], Callable[[list[str], str], None]]] = {"threads": threads, "ray": on_ray, "spark": on_spark}


def child(engine: str, workers: int, folder: str) -> None:
    """One measurement: seconds until ready, seconds for all, and what was found."""
    import pyarrow.dataset

    from driftmgr import fleet

    states = fleet.listing(folder)
    with tempfile.TemporaryDirectory() as out:
        start = perf_counter()
        run = ENGINES[engine](workers)
        run(states[: 256 * workers], f"{out}/first")
        ready = perf_counter()
        run(states, f"{out}/all")
        end = perf_counter()
        rows = pyarrow.dataset.dataset(f"{out}/all").to_table(columns=["instances", "score", "error"])
    failed = rows.num_rows - rows.column("error").null_count
    found = [rows.num_rows, sum(rows.column("instances").to_pylist()), sum(rows.column("score").to_pylist()), failed]
    print(json.dumps({"ready": ready - start, "seconds": end - ready, "found": found}))


def measure(engine: str, workers: int, folder: str, runs: int) -> dict[str, Any]:
    results = []
    for _ in range(runs):
        command = [sys.executable, __file__, "--child", engine, str(workers), folder]
        told = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
        results.append(json.loads(told.stdout.splitlines()[-1]))
    middle = {name: statistics.median(each[name] for each in results) for name in ("ready", "seconds")}
    return {**middle, "found": results[0]["found"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--states", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--engines", default="threads,ray,spark")
    given = parser.parse_args()
    if given.child:
        engine, workers, folder = given.child
        child(engine, int(workers), folder)
        return
    print(f"CPython {platform.python_version()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}\n")
    print(f"| {given.states} states of 20 kB, scored | until ready, s | then, s | states a second | beside one worker |\n|---|---|---|---|---|")
    found = set()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(given.states):
            make_state(Path(folder) / f"{number:07}.tfstate", 20_000 + number % 7)
        for engine in given.engines.split(","):
            alone = None
            for workers in (1, 2):
                row = measure(engine, workers, folder, given.runs)
                found.add(tuple(row["found"]))
                alone = alone or row["seconds"]
                rate = given.states / row["seconds"]
                cells = f"{row['ready']:.1f} | {row['seconds']:.2f} | {rate:.0f} | {alone / row['seconds']:.2f}x"
                print(f"| {engine}, {workers} | {cells} |", flush=True)
    if len(found) != 1:
        raise SystemExit(f"they do not agree: {found}")
    print(f"\nload at the end: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
