#!/usr/bin/env bash
# Sets up everything: `tools/setup.sh` for the product, `tools/setup.sh test` for the tests too.
# Needs Python 3.11+ only. A missing system package is installed where this user may (root on Debian);
# otherwise the exact line to run is named.
set -euo pipefail
cd "$(dirname "$0")/.."
wanted=${1:-product}
say() { printf '\033[1m%s\033[0m\n' "$*"; }

is_debian() { command -v apt-get >/dev/null 2>&1; }

install_or_name() { # install_or_name <what for> <Debian packages> <Homebrew packages>
  if is_debian && [ "$(id -u)" = 0 ]; then
    say "Installing $2 ($1)"
    apt-get update -qq >/dev/null
    # shellcheck disable=SC2086  # a list of packages
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $2 >/dev/null
  elif is_debian; then
    echo "Missing: $1. Run:  sudo apt-get install -y $2" >&2
    exit 1
  else
    echo "Missing: $1. Run:  brew install $3" >&2
    exit 1
  fi
}

find_python() {
  for candidate in python3.13 python3.12 python3.11 python3; do
    if command -v "$candidate" >/dev/null 2>&1 &&
      "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  echo "Python 3.11, 3.12 or 3.13 is needed. Found: $(python3 --version 2>&1 || echo none)" >&2
  exit 1
}

find_uv() { # the uv on the path, else one of our own in .tools
  if [ -x .tools/uv/bin/uv ]; then echo "$PWD/.tools/uv/bin/uv"; return; fi
  if command -v uv >/dev/null 2>&1; then command -v uv; return; fi
  if ! "$1" -c 'import ensurepip' 2>/dev/null; then
    version=$("$1" -c 'import sys; print(f"{sys.version_info[0]}.{sys.version_info[1]}")')
    install_or_name "venv of Python $version" "python$version-venv" "python@$version" >&2
  fi
  echo "Fetching uv, which installs the packages locked in uv.lock" >&2
  "$1" -m venv .tools/uv >&2
  .tools/uv/bin/pip install --quiet --disable-pip-version-check 'uv>=0.5' >&2
  echo "$PWD/.tools/uv/bin/uv"
}

python=$(find_python)
uv=$(find_uv "$python")
say "Packages: uv sync with $("$python" --version)"
# certificates that the machine trusts, a company's own among them
if [ -s /etc/ssl/certs/ca-certificates.crt ]; then export UV_SYSTEM_CERTS=true; fi
export UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=${UV_LINK_MODE:-copy}
if [ "$wanted" = test ]; then
  "$uv" sync --quiet --locked --all-extras --python "$python"
  # tools of others that read what Rapport exports need other versions of packages: a place of their own
  UV_PROJECT_ENVIRONMENT="$PWD/.tools/outside" "$uv" sync --quiet --locked --project tests/outside --python "$python"
else
  "$uv" sync --quiet --locked --inexact --no-dev --python "$python"
fi

# LightGBM is built on OpenMP, which Debian and macOS keep in a package of their own
if is_debian && ! /sbin/ldconfig -p | grep -q 'libgomp\.so\.1'; then
  install_or_name "OpenMP, for LightGBM" "libgomp1" "libomp"
elif [ "$(uname)" = Darwin ] && ! ls /opt/homebrew/opt/libomp /usr/local/opt/libomp >/dev/null 2>&1; then
  install_or_name "OpenMP, for LightGBM" "libgomp1" "libomp"
fi

if [ "$wanted" = test ]; then
  if ! command -v chromium >/dev/null 2>&1 && ! command -v chromium-browser >/dev/null 2>&1 &&
    [ ! -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ]; then
    install_or_name "Chromium, for the browser tests" "chromium" "--cask google-chrome"
  fi
  if ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && ! command -v initdb >/dev/null 2>&1; then
    install_or_name "PostgreSQL, for the tests on both databases" "postgresql" "postgresql@16"
  fi
  if ! command -v java >/dev/null 2>&1; then
    install_or_name "Java 17, for the tests on Spark" "openjdk-17-jre-headless" "openjdk@17"
  fi
fi
