"""An installation with many contacts and interactions, on SQLite and in its lake, made once in a folder and used again.

    PYTHONPATH=tests python -m load.realtime.base --folder /tmp/base --contacts 1000000 --interactions 20000000

Rows are those of `load.points.data`, up to now. Everything is published, one points score of thirty criteria is live,
and everyone has been scored once.
"""

from __future__ import annotations

import argparse
import os
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa

from load.points import data

SCORE = "bench"
READY = "ready_at: {enter: 50, leave: 40}\n"
_AT_ONCE = 500_000
_TEXT_TIME = "strftime(({0}) AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M:%S.%f')"
_COMMON = {
    "source": "'bench'",
    "created_at": "created_at",
    "recorded_at": "recorded_at",
    "recorded_at_assumed": "false",
    "ingested_at": "recorded_at",
}


def make(folder: Path, *, contacts: int, interactions: int) -> None:
    """The installation in `folder`; what is there already is kept."""
    start(folder)
    if not (folder / "loaded").exists():
        _load(folder, contacts=contacts, interactions=interactions)
        (folder / "loaded").touch()
    _publish_score()


def start(folder: Path) -> None:
    """Django with this home folder, its database up to date."""
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["RAPPORT_HOME"] = str(folder)
    os.environ.pop("RAPPORT_DATABASE", None)
    from rapport.cli.starting import start_workspace

    start_workspace()


def _load(folder: Path, *, contacts: int, interactions: int) -> None:
    files = folder / "parquet"
    data.AS_OF = datetime.now(UTC).replace(microsecond=0)
    said("making rows")
    files.mkdir(parents=True, exist_ok=True)
    data.generate(files, contacts=contacts, interactions=interactions)
    with duckdb.connect() as con:
        con.execute("SET TimeZone='UTC'; SET threads=1; SET memory_limit='4GB'")
        con.execute(f"CREATE VIEW a AS SELECT * FROM '{files}/accounts.parquet'")
        con.execute(f"CREATE VIEW c AS SELECT * FROM '{files}/contacts.parquet'")
        for table, columns, source in _tables(files):
            said(table)
            _into_database(folder, con, table, columns, source)
            _into_lake(con, table, columns, source)
    _settle()
    shutil.rmtree(files)


def _tables(files: Path) -> Iterator[tuple[str, dict[str, str], str]]:
    yield (
        "accounts",
        {"id": "id", "name": "'Company ' || left(id, 8)", **_same("industry", "employees"), **_COMMON},
        "a",
    )
    people = _same("id", "account_id", "email", "title", "seniority")
    yield "contacts", {**people, **_COMMON}, "c"
    yield "attribute_history", {**_same("id", *_HISTORY), **_COMMON}, f"({_history_sql()})"
    shifted = "occurred_at - INTERVAL 3 DAY"  # the rows of the points bench reach three days beyond their instant
    events = _same("contact_id", "type", "direction", "channel", "url_path", "properties")
    timed = {**_COMMON, "created_at": shifted, "recorded_at": shifted, "ingested_at": shifted, "occurred_at": shifted}
    yield "interactions", {"id": "id", **events, **timed}, f"'{files}/interactions/*/part.parquet'"


_HISTORY = ("entity", "entity_id", "attribute", "value", "valid_from")


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


def _history_sql() -> str:
    parts = [("c", "contact", name) for name in ("account_id", "email", "title", "seniority")]
    parts += [("a", "account", name) for name in ("industry", "employees")]
    return " UNION ALL ".join(
        f"SELECT '{at:x}' || id AS id, '{entity}' AS entity, id AS entity_id, '{name}' AS attribute,"
        f" CAST({name} AS VARCHAR) AS value, created_at AS valid_from, created_at, recorded_at"
        f" FROM {table} WHERE {name} IS NOT NULL"
        for at, (table, entity, name) in enumerate(parts)
    )


def _into_database(
    folder: Path, con: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str], source: str
) -> None:
    """Straight into SQLite, its indexes made afterwards."""
    from adbc_driver_sqlite import dbapi
    from django.db import connection

    instants = {name for name in columns if name.endswith("_at") or name == "valid_from"}
    chosen = [f"{_TEXT_TIME.format(sql) if n in instants else sql} AS {n}" for n, sql in columns.items()]
    chosen = [c if "recorded_at_assumed" not in c else "0::BIGINT AS recorded_at_assumed" for c in chosen]
    rows = con.execute(f"SELECT {', '.join(chosen)}, 1::BIGINT AS batch FROM {source}").to_arrow_reader(_AT_ONCE)
    indexes = f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = '{table}' AND sql IS NOT NULL"
    with connection.cursor() as cursor:
        made = cursor.execute(indexes).fetchall()
        for name, _ in made:
            cursor.execute(f'DROP INDEX "{name}"')
    connection.close()
    with dbapi.connect(f"file:{folder / 'rapport.sqlite3'}") as writer, writer.cursor() as cursor:
        for batch in rows:
            cursor.adbc_ingest(table, pa.Table.from_batches([batch]), mode="append")
            writer.commit()
    with connection.cursor() as cursor:
        for _, sql in made:
            cursor.execute(sql)


def _into_lake(con: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str], source: str) -> None:
    from rapport.engine.crm.tables import TABLES
    from rapport.engine.execution.buckets import with_bucket
    from rapport.workspace.crm.lake.models import LakeBatch, LakeState
    from rapport.workspace.crm.lake.publishing import lake_of

    declared = TABLES[table]

    def rows() -> Iterator[pa.Table]:
        selected = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
        for batch in con.execute(f"SELECT {selected} FROM {source}").to_arrow_reader(_AT_ONCE):
            given = pa.Table.from_batches([batch])
            names = set(given.schema.names)
            whole = pa.table(
                {
                    f.name: given[f.name].cast(f.type) if f.name in names else pa.nulls(len(given), f.type)
                    for f in declared.arrow_schema
                    if f.name != "bucket"
                }
            )
            yield (with_bucket(whole) if declared.bucketed else whole).select(declared.arrow_schema.names)

    state, _ = LakeState.objects.get_or_create(id=1)
    lake_of(state).append(declared, partial(rows), batch=1)
    LakeBatch.objects.update_or_create(table=table, defaults={"batch": 1, "sealed": True})


def _settle() -> None:
    from django.db import connection

    from rapport.workspace.crm.lake import compact

    said("settling")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.execute("PRAGMA analysis_limit=1000")
        cursor.execute("ANALYZE")
    compact()


def _publish_score() -> None:
    """The live score, and a first run of it where the newest is not of today."""
    from rapport.workspace.scores.definitions import create_draft, live
    from rapport.workspace.scores.releases import publish
    from rapport.workspace.scores.runs import last_run, run_score

    if live(SCORE) is None:
        document = (Path(data.__file__).parent / "definition.yaml").read_text() + READY
        publish(create_draft(document=document, by="bench"), by="bench", reason="measured", override="measured")
    run = last_run(SCORE)
    if run is None or run.as_of.date() != datetime.now(UTC).date():
        said("scoring everyone")
        run_score(SCORE)


def said(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--interactions", type=int, default=20_000_000)
    asked = parser.parse_args()
    make(asked.folder, contacts=asked.contacts, interactions=asked.interactions)
    said("ready")


if __name__ == "__main__":
    main()
