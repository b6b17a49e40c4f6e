#!/usr/bin/env bash
# Measures against peers and limits, in one run each: `tools/bench.sh` or `tools/bench.sh small`.
# Every script says what it compares with, and fails where results differ. SQLite first, then PostgreSQL.
set -euo pipefail
cd "$(dirname "$0")/.."
size=${1:-full}
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
python=.venv/bin/python

if [ "$size" = small ]; then contacts=100000 interactions=2000000; else contacts=1000000 interactions=20000000; fi

say "Points: thirty criteria, decay and caps over $contacts contacts and $interactions interactions"
PYTHONPATH=tests $python -m load.points.run --contacts "$contacts" --interactions "$interactions"

if [ "$size" = small ]; then customers=1000000 purchases=10000000; else customers=10000000 purchases=100000000; fi
say "RFM of $customers customers with $purchases purchases"
PYTHONPATH=tests $python -m load.rfm.run --customers "$customers" --purchases "$purchases"

pages() {
  say "Pages over 100,000 contacts$1"
  $python tests/load/pages/measure.py --contacts 100000
  [ "$size" = small ] || { say "Pages over 1,000,000 contacts$1"; $python tests/load/pages/measure.py --contacts 1000000; }
  say "Import of 100,000 contacts$1"
  $python tests/load/imports/measure.py --contacts 100000
}
pages ", SQLite"
RAPPORT_DATABASE=$(tools/postgres.sh start)
export RAPPORT_DATABASE
trap 'tools/postgres.sh stop' EXIT
pages ", PostgreSQL"
