#!/bin/sh
# Write both locks anew from pyproject.toml: scripts/lock.sh VENV [--upgrade | --upgrade-package NAME]
#
# Pins and hashes come from the public index alone: this machine's pip settings (extra indexes, folders of
# wheels) are left out, so that a lock holds everywhere and names no address.
set -eu

venv=$1
shift
unset PIP_FIND_LINKS PIP_EXTRA_INDEX_URL PIP_NO_INDEX PIP_CONSTRAINT PIP_REQUIRE_HASHES
export PIP_CONFIG_FILE=/dev/null
export CUSTOM_COMPILE_COMMAND="make lock"

compile() {
    "$venv/bin/pip-compile" --quiet --generate-hashes --allow-unsafe --strip-extras \
        --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options "$@" pyproject.toml
}

# everything, for work on rekindle; and what it takes to build and run it, for the container
compile --extra dev --output-file requirements.lock "$@"
compile --build-deps-for wheel --constraint requirements.lock --output-file requirements-run.lock
