"""Runs the job on Spark on this machine: a state of today, an old one, a broken one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
OPTIONS = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "2",
    # The codec that needs no native library.
    "spark.sql.parquet.compression.codec": "gzip",
}
QUICKSTART = HERE.parent / "quickstart/terraform.tfstate"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        states, out = Path(name) / "states", Path(name) / "out"
        states.mkdir()
        shutil.copy(QUICKSTART, states / "whole.tfstate")
        shutil.copy(QUICKSTART, states / "old.tfstate")
        os.utime(states / "old.tfstate", (0, 0))
        (states / "broken.tfstate").write_text("{")
        options = [word for key, value in OPTIONS.items() for word in ("--conf", f"{key}={value}")]
        submit = Path(sys.executable).with_name("spark-submit")
        command = [submit, "--master", "local[2,4]", *options, HERE / "health_report.py", states, out]
        environment = os.environ | {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
        told = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert told.returncode == 0, told.stderr
        lines = told.stdout.splitlines()
        worst = lines[lines.index("the worst:") + 1]
        assert f"{states}/old.tfstate: " in worst, told.stdout
        assert "  local_file: 8 in 2 states" in lines, told.stdout
        assert f"  {states}/broken.tfstate: invalid_state: truncated: the JSON ends before it is complete" in lines, told.stdout
        assert list(out.glob("*.parquet")), "the workers write the table"


if __name__ == "__main__":
    main()
