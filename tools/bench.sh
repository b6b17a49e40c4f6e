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

peers=.tools/peers/bin/python # the packages compared with; never a dependency of the product
[ -x $peers ] || { $python -m venv .tools/peers && $peers -m pip install --quiet --requirement tests/load/lifetime/peers.txt; }
if [ "$size" = small ]; then sizes="2357 10000 100000"; else sizes="2357 10000 100000 1000000 10000000"; fi
say "Customer lifetimes against lifetimes and pymc-marketing: $sizes"
# shellcheck disable=SC2086 # several numbers
PYTHONPATH=tests $python -m load.lifetime.run --customers $sizes --pareto 100000 --pymc-up-to 10000
say "Customer lifetimes of a whole cohort against the paper"
PYTHONPATH=tests $python -m load.lifetime.full_cohort

$peers -c "import optbinning" 2>/dev/null || $peers -m pip install --quiet --requirement tests/load/prediction/peers.txt
say "Exact reasons of 1,000,000 rows against TreeSHAP; learned cards against LightGBM and optbinning"
PYTHONPATH=tests $python -m load.prediction.reasons --rows 1000000 --contrib-rows 20000
OMP_NUM_THREADS=1 PYTHONPATH=tests $python -m load.prediction.cards

say "Real time: 1,000 interactions a second for a minute over $contacts contacts and $interactions interactions"
PYTHONPATH=tests $python -m load.realtime.run --folder "${TMPDIR:-/tmp}/rapport-real-time-$contacts" \
  --contacts "$contacts" --interactions "$interactions"

say "The Executive dashboard over $contacts contacts and $interactions interactions"
PYTHONPATH=tests $python -m load.dashboard.run --folder "${TMPDIR:-/tmp}/rapport-dashboard-$contacts" \
  --contacts "$contacts" --orders "$((2 * contacts))" --interactions "$interactions"

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
