#!/bin/sh
# Make the project's own environment: scripts/set-up.sh VENV [PYTHON]
#
# Needs Python 3.11+ with its venv module, and a way to the package index. Installs exactly what
# requirements.lock names, checked by hash, then the project itself. Touches nothing outside VENV.
set -eu

venv=$1
python=${2:-}

fail() {
    printf 'set-up: %s\n' "$1" >&2
    shift
    for line in "$@"; do printf '        %s\n' "$line" >&2; done
    exit 1
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for name in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if command -v "$name" >/dev/null 2>&1 && is_new_enough "$name"; then
            echo "$name"
            return
        fi
    done
}

if [ -n "$python" ]; then
    is_new_enough "$python" || fail "'$python' is not a Python 3.11 or newer" \
        "Name one that is: make PYTHON=/path/to/python3.11"
else
    python=$(find_python)
    [ -n "$python" ] || fail "no Python 3.11 or newer is on the PATH" \
        "Debian, Ubuntu: sudo apt install python3 python3-venv    macOS: brew install python" \
        "Or name one that is elsewhere: make PYTHON=/path/to/python3.11"
fi

"$python" -c 'import ensurepip, venv' >/dev/null 2>&1 || fail "$python has no venv module" \
    "Debian, Ubuntu: sudo apt install python3-venv    Others: install a full Python 3.11+" \
    "Or name another: make PYTHON=/path/to/python3.11"

# An environment that is there and works is kept; half of one, or one of another Python, is made anew.
if ! is_new_enough "$venv/bin/python" || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    echo "set-up: making $venv with $("$python" --version)"
    "$python" -m venv --clear "$venv" || fail "cannot make $venv" \
        "Is this folder writable, and is there room on the disk?"
fi

echo "set-up: installing the packages of requirements.lock (a minute or two, once)"
"$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
    --require-hashes -r requirements.lock || fail "the packages could not be installed; pip says why above" \
    "No network? This step needs the Python package index once; behind a proxy set HTTPS_PROXY," \
    "with a mirror of your own set PIP_INDEX_URL. Then run the same command again."

"$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
    --no-build-isolation --no-deps --editable . || fail "rekindle itself could not be installed; pip says why above" \
    "'make clean' and then the same command again starts from nothing."

echo "set-up: done; the command is $venv/bin/rekindle"
