"""P9: a project of many campaigns, read, judged and linted.

The baseline merely parses the same files with PyYAML's C loader. The shipped campaigns stand in for a thousand
files: each is there again and again under another name, with the templates, segments and tests it speaks of. The cost
of a file must not grow with their number, and what an attacker writes must not cost more than its length.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import tracemalloc
from pathlib import Path

import yaml

from benchmarks.harness import interleaved, tell, timed
from engine.compile import load_files, read_files
from engine.document import parse

ROOT = Path(__file__).parent.parent / "campaigns"
_SHIPPED = ("churned", "closed_lost", "no_show", "stalled")

#: name -> a text of about n characters that tries to cost more than it is long
HOSTILE = {
    "aliases of aliases": lambda n: "a0: &a0 [x, x]\n"
    + "".join(f"a{k}: &a{k} [*a{k - 1}, *a{k - 1}]\n" for k in range(1, n // 24)),
    "nested lists": lambda n: "campaign: " + "[" * (n - 10),
    "a mistake on every line": lambda n: "campaign: x\n" + "".join(f"k{k}: 1\n" for k in range(n // 8)),
    "one long line": lambda n: "campaign: " + "x" * n,
    "steps without anything": lambda n: "campaign: x\ncadence:\n" + "  - step: s\n" * (n // 12),
    "quotes and escapes": lambda n: 'campaign: "' + "\\u00e9" * (n // 6) + '"\n',
}


def many(number: int) -> dict[str, str]:
    """The shipped project with ``number`` campaigns."""
    shipped = read_files(ROOT)
    files = {f: t for f, t in shipped.items() if f in ("rekindle.yaml", "segments.yaml", "incentives.yaml")}
    files |= {f: t for f, t in shipped.items() if f.startswith("templates/")}
    for n in range(number):
        stem = _SHIPPED[n % len(_SHIPPED)]
        name = stem if n < len(_SHIPPED) else f"{stem}_{n}"
        files[f"{name}.yaml"] = shipped[f"{stem}.yaml"].replace(f"campaign: {stem}\n", f"campaign: {name}\n", 1)
    return files


def judged(files: dict[str, str], *, lint: bool) -> int:
    """Validate; how many YAML files."""
    loaded = load_files(files, ROOT, lint=lint)
    assert not [f for f in loaded.findings if f.code not in ("RK901",)][:1], loaded.findings[:3]
    return sum(file.endswith(".yaml") for file in files)


def parsed(files: dict[str, str]) -> int:
    """Only parse; how many YAML files."""
    texts = [text for file, text in files.items() if file.endswith(".yaml")]
    for text in texts:
        yaml.load(text, Loader=yaml.CSafeLoader)
    return len(texts)


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--files", type=int, default=1_000, help="campaign files")
    reader.add_argument("--rounds", type=int, default=3)
    args = reader.parse_args()
    for number in (args.files // 8, args.files // 4, args.files // 2, args.files):
        files = many(number)
        found = interleaved(
            args.rounds,
            {
                "PyYAML alone": lambda files=files: timed(lambda: parsed(files)),
                "validate": lambda files=files: timed(lambda: judged(files, lint=False)),
                "validate and lint": lambda files=files: timed(lambda: judged(files, lint=True)),
            },
        )
        for name in ("validate", "validate and lint"):
            each = 1_000 / found[name].median
            tell(f"{name}, {number} campaigns, {each:.1f} ms each", found[name], found["PyYAML alone"], goal="linear")
    _hostile()


def _hostile() -> None:
    for name, make in HOSTILE.items():
        told = []
        for size in (20_000, 40_000, 80_000, 160_000):
            text = make(size)
            tracemalloc.start()
            started = time.perf_counter()
            document = parse(text, "x.yaml")
            if document.root is not None:
                with tempfile.TemporaryDirectory() as folder:
                    load_files({"x.yaml": text}, Path(folder))
            seconds, peak = time.perf_counter() - started, tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            told.append(f"{seconds / len(text) * 1e9:,.0f} ns, {peak / len(text):,.0f} bytes")
        print(f"{name:<26} a character at 20, 40, 80, 160 thousand: {'; '.join(told)}")


if __name__ == "__main__":
    main()
