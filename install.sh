#!/usr/bin/env bash
# Makes the Python environment that requirements.lock describes: install.sh PYTHON VENV STAMP. Safe to interrupt and repeat.
set -euo pipefail
python=$1 venv=$2 stamp=$3

exec 9>"$(dirname "$venv")/.venv.lock"
flock 9
[ ! -e "$stamp" ] || exit 0

fail() { echo "install: $1. Next: $2" >&2; exit 1; }

command -v "$python" >/dev/null || fail "there is no $python" "apt-get install python3 (3.11 or newer)"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "$("$python" --version) is too old" "install Python 3.11 or newer"
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || fail "$python cannot make environments" "apt-get install python3-venv, as root"
  echo "Installing Debian's python3-venv ..." >&2
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
fi

echo "Installing the Python environment ($(grep -cE '^[A-Za-z0-9]' requirements.lock) packages, once) ..." >&2
[ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$python" -m venv --clear "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock ||
  fail "the packages could not be installed" "see the lines above; the same command goes on where it stopped"
"$venv/bin/python" -m pipeline_services.reporting.run.checkout # so that pytest knows this folder from wherever it is given files
rm -f "$venv"/.complete-*
touch "$stamp"
