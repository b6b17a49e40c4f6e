#!/usr/bin/env bash
# A throwaway PostgreSQL on 127.0.0.1 for tests.
#
#   tools/postgres.sh start [NAME]   starts it where it does not run yet, and prints its address
#   tools/postgres.sh stop  [NAME]   stops it and deletes what it kept
#
# NAME (default: tests) tells several apart. The port is any free one. As root, the server runs as an
# unprivileged user, because PostgreSQL refuses to run as root. Nothing is kept safe from a loss of power.
set -euo pipefail
command=${1:-}
name=${2:-tests}
place="${TMPDIR:-/tmp}/rapport-postgres-$(id -u)-$name"
tell() { printf '%s\n' "$*" >&2; }

bin_folder() {
  local newest
  newest=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
  if [ -n "$newest" ]; then echo "$newest"; elif command -v initdb >/dev/null; then dirname "$(command -v initdb)"; fi
}

as_server() { # runs a command as the user who owns the server
  if [ "$(id -u)" = 0 ]; then (cd / && setpriv --reuid="$owner" --regid="$(id -g "$owner")" --clear-groups "$@"); else "$@"; fi
}

install_where_allowed() {
  [ -n "$(bin_folder)" ] && return
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    tell "Installing PostgreSQL ..."
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q postgresql >/dev/null
  else
    tell "PostgreSQL is missing. Install it with:  sudo apt-get install postgresql"
    exit 1
  fi
}

running() { [ -f "$place/url" ] && as_server "$(bin_folder)/pg_ctl" -D "$place/data" status >/dev/null 2>&1; }

start() {
  install_where_allowed
  running && { cat "$place/url"; return; }
  local bin port
  bin=$(bin_folder)
  rm -rf "$place" && mkdir -m 700 "$place"
  [ "$(id -u)" = 0 ] && chown "$owner" "$place"
  as_server "$bin/initdb" -D "$place/data" -U rapport -A trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
  for _ in $(seq 20); do
    port=$((20000 + RANDOM % 40000))
    if as_server "$bin/pg_ctl" -D "$place/data" -l "$place/log" -w -t 30 start -o "-p $port -h 127.0.0.1 -k $place \
        -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=50" >/dev/null; then
      as_server "$bin/createdb" -h 127.0.0.1 -p "$port" -U rapport rapport
      echo "postgresql://rapport@127.0.0.1:$port/rapport" | tee "$place/url"
      return
    fi
  done
  tell "PostgreSQL did not start; its last words:"
  tail -5 "$place/log" >&2
  exit 1
}

stop() {
  if running; then as_server "$(bin_folder)/pg_ctl" -D "$place/data" -m immediate stop >/dev/null; fi
  rm -rf "$place"
}

owner=nobody
id postgres >/dev/null 2>&1 && owner=postgres
case "$command" in
  start) start ;;
  stop) stop ;;
  *) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
