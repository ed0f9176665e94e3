"""The tables of a Parquet export as views of DuckDB or Spark, in which statements for the copy run as they stand.

In the files a time is a timestamp; in the copy it is text like 2026-11-22T09:30:00Z. The views show it as that text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Run = Callable[[str], list[tuple[Any, ...]]]
VIEWS = {
    "mac_security": """
SELECT devices.device_id, devices.device_name, devices.serial_number, devices.os_version,
    filevault.status AS filevault, application_firewall.status AS firewall
FROM devices
LEFT JOIN filevault ON filevault.device_id = devices.device_id
LEFT JOIN application_firewall ON application_firewall.device_id = devices.device_id
WHERE devices.platform = 'Mac'
"""
}
"""Views of the copy that the statements use, made here from tables of an export."""
Export = dict[str, Any]
"""What `tables` of a manifest says, and each table's file as text."""


def duckdb_engine(folder: Path, manifest: Export) -> Run:
    """What runs a statement on the export in `folder`."""
    import duckdb

    db = duckdb.connect()
    db.execute("SET TimeZone = 'UTC'")
    shown = 'strftime("{0}", \'%Y-%m-%dT%H:%M:%SZ\') AS "{0}"'
    for name, columns, file in _tables(folder, manifest, shown, '"{0}"'):
        db.execute(f"CREATE VIEW \"{name}\" AS SELECT {columns} FROM read_parquet('{file}', hive_partitioning = false)")
    for name, select in VIEWS.items():
        db.execute(f'CREATE VIEW "{name}" AS {select}')
    return lambda sql: db.execute(sql).fetchall()


def spark_engine(folder: Path, manifest: Export) -> Run:
    """The same on Spark in local mode, with two threads."""
    from pyspark.sql import SparkSession

    settings = {"spark.sql.session.timeZone": "UTC", "spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1",
                "spark.driver.bindAddress": "127.0.0.1", "spark.sql.shuffle.partitions": "4"}  # fmt: skip
    builder = SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    shown = "date_format(`{0}`, \"yyyy-MM-dd'T'HH:mm:ss'Z'\") AS `{0}`"
    for name, columns, file in _tables(folder, manifest, shown, "`{0}`"):
        spark.sql(f"CREATE TEMPORARY VIEW `{name}` AS SELECT {columns} FROM parquet.`{file}`")
    for name, select in VIEWS.items():
        spark.sql(f"CREATE TEMPORARY VIEW `{name}` AS {select}")
    return lambda sql: [tuple(row) for row in spark.sql(sql).collect()]


def _tables(folder: Path, manifest: Export, shown: str, other: str) -> Iterator[tuple[str, str, str]]:
    """Each table: its name, its columns as the view selects them, and its file."""
    for name, table in manifest["tables"].items():
        columns = [(shown if type_ == "time" else other).format(column) for column, type_ in table["columns"].items()]
        yield name, ", ".join(columns), str(folder / table["file"])


def same(left: list[tuple[Any, ...]], right: list[tuple[Any, ...]]) -> bool:
    """Whether two answers have the same rows, in any order."""
    return sorted(map(repr, map(tuple, left))) == sorted(map(repr, map(tuple, right)))
