#!/usr/bin/env python3
"""Scores all states below a folder over a Spark cluster: a table in Parquet, and who has to do something first.

spark-submit health_report.py FOLDER OUT
"""

from __future__ import annotations

import argparse

from pyspark.sql import SparkSession

import driftmgr.spark
from driftmgr import fleet


def main() -> None:
    parser = argparse.ArgumentParser(description="Score the states below a folder over a Spark cluster.")
    parser.add_argument("folder", help="what every executor sees")
    parser.add_argument("out", help="a folder or URL for Parquet files")
    given = parser.parse_args()
    spark = SparkSession.builder.appName("driftmgr: health of states").getOrCreate()
    scored = driftmgr.spark.run(spark, fleet.Health(), fleet.listing(given.folder))
    scored.write.parquet(given.out)
    spark.read.parquet(given.out).createOrReplaceTempView("health")
    print("the worst:")
    for row in spark.sql("select input, score, band, reasons.reason from health where error is null order by score, input limit 10").collect():
        print(f"  {row.score:3} {row.band:8} {row.input}: {'; '.join(row.reason)}")
    print("types in most states:")
    for row in spark.sql(
        "select type, count(*) as states, sum(n) as objects from health lateral view explode(by_type) as type, n group by type"
        " order by states desc, type limit 10"
    ).collect():
        print(f"  {row.type}: {row.objects} in {row.states} states")
    print("not read:")
    for row in spark.sql("select input, error.kind, error.message from health where error is not null order by input limit 10").collect():
        print(f"  {row.input}: {row.kind}: {row.message}")
    spark.stop()


if __name__ == "__main__":
    main()
