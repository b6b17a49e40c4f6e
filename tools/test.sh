#!/usr/bin/env bash
# Runs the tests: `tools/test.sh all` (SQLite, then what touches the database again on PostgreSQL) or `quick`.
set -euo pipefail
cd "$(dirname "$0")/.."
which=${1:-all}
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
# Tests start some hundred processes; without kept bytecode each compiles two thousand modules again.
unset PYTHONDONTWRITEBYTECODE
pytest=".venv/bin/pytest -q -n ${RAPPORT_TEST_WORKERS:-2} --dist loadfile"

if [ "$which" = quick ]; then
  say "Quick tests, SQLite"
  $pytest -m "not slow and not browser" tests/unit tests/properties tests/soundness
  exit
fi

say "All tests but the browser's, SQLite"
$pytest -m "not browser" tests --ignore tests/load --ignore tests/parity

say "DuckDB and Spark side by side" # apart: one cluster, which has the cores to itself
.venv/bin/pytest -q tests/parity --ignore tests/parity/catalogue # `make engines`: every metric takes Spark long

say "Browser tests" # apart: Playwright's event loop stays in its process, where Django then refuses its database
$pytest tests/e2e

say "Tests that touch the database, PostgreSQL"
url=$(tools/postgres.sh start)
trap 'tools/postgres.sh stop' EXIT
RAPPORT_TEST_DATABASE="$url" $pytest -m "not browser" tests/unit/workspace tests/soundness
