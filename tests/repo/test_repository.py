"""The repository as a product: what a newcomer types works, and nothing in it is anybody's own."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements.lock", "requirements-run.lock"]

#: domains nobody owns (RFC 2606), and the machine's own
RESERVED = re.compile(r"(^|\.)(example|invalid|test|localhost|example\.(com|org|net))$")
EMAIL = re.compile(r"[\w.+-]+@(?:[\w-]+\.)+[a-z]{2,}\b", re.IGNORECASE)
#: +1 numbers in the forms our files use; the middle and the last group are what is reserved
PHONE = re.compile(r"\+1[ .-]?\(?\d{3}\)?[ .-]?(\d{3})[ .-]?(\d{4})\b")


def is_nobodys(address: str) -> bool:
    """Under a reserved domain; or at Gmail, whose own rules can be tried nowhere else, with a name shorter than
    the six letters it gives out."""
    local, _, domain = address.lower().rpartition("@")
    if domain in {"gmail.com", "googlemail.com"}:
        return len(local.partition("+")[0].replace(".", "")) < 6
    return bool(RESERVED.search(domain))


def committed() -> list[Path]:
    """Every text file git knows, or would take."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    found = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in found if path.is_file() and b"\0" not in path.read_bytes()[:1024]]


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def locked(name: str) -> dict[str, str]:
    pins = re.findall(r"^([\w.-]+)==(\S+)", read(ROOT / name), re.MULTILINE)
    return {canonicalize_name(package): version for package, version in pins}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_place_to_get_things_from(name: str) -> None:
    assert not re.search(
        r"index-url|find-links|trusted-host|://|^\s*-[ef]\b| @ ", read(ROOT / name), re.MULTILINE
    )


@pytest.mark.parametrize("name", LOCKS)
def test_everything_locked_is_checked_by_hash(name: str) -> None:
    blocks = re.split(r"\n(?=[\w.-]+==)", read(ROOT / name))
    assert all("--hash=sha256:" in block for block in blocks[1:])


def test_the_locks_hold_what_the_project_asks_for() -> None:
    table = tomllib.loads(read(ROOT / "pyproject.toml"))
    asked = {
        "requirements.lock": table["project"]["dependencies"]
        + table["project"]["optional-dependencies"]["dev"],
        "requirements-run.lock": table["project"]["dependencies"] + table["build-system"]["requires"],
    }
    for lock, requirements in asked.items():
        pins = locked(lock)
        for requirement in map(Requirement, requirements):
            version = pins.get(canonicalize_name(requirement.name))
            assert version is not None, f"{requirement.name} is not in {lock}: make lock"
            assert requirement.specifier.contains(version), (
                f"{lock} has {requirement.name} {version}: make lock"
            )


def test_both_locks_agree() -> None:
    everything = locked("requirements.lock")
    assert {k: v for k, v in locked("requirements-run.lock").items() if everything.get(k, v) != v} == {}


def test_no_file_names_a_machine() -> None:
    # put together here, so that this file does not name one itself
    homes = [f"/{top}/" for top in ("root", "Users", "work")] + ["/home/[a-z]"]
    pattern = re.compile("|".join(rf"(?<![\w.]){home}" for home in homes))
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in committed()
        if not path.name.endswith(".lock") and (match := pattern.search(read(path)))
    ]
    assert found == []


def test_every_address_is_reserved() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in committed()
        if path.suffix not in {".lock"}
        for match in EMAIL.finditer(read(path))
        if not is_nobodys(match.group())
    }
    assert found == set()


def test_every_phone_number_is_reserved() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in committed()
        if path.suffix not in {".lock"}
        for match in PHONE.finditer(read(path))
        if not (match[1] == "555" and match[2].startswith("01"))
    }
    assert found == set()


@pytest.mark.parametrize(
    "target",
    ["help", "demo", "test", "check", "lint", "types", "imports", "bench", "soak", "lock", "docs", "clean"],
)
def test_the_makefile_knows_the_target(target: str) -> None:
    tried = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr


def test_make_alone_lists_what_there_is() -> None:
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {"demo", "test", "check", "bench"} <= set(re.findall(r"^  make (\w+)", listed, re.MULTILINE))


def test_set_up_says_what_is_missing(tmp_path: Path) -> None:
    """A machine whose only python is too old."""
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    words = ["/bin/sh", "scripts/set-up.sh", str(tmp_path / "venv")]
    tried = subprocess.run(
        words, cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert tried.returncode == 1
    assert "no Python 3.11 or newer" in tried.stderr
    assert "make PYTHON=" in tried.stderr
    assert not (tmp_path / "venv").exists()


def test_set_up_refuses_a_python_that_is_none(tmp_path: Path) -> None:
    words = ["/bin/sh", "scripts/set-up.sh", str(tmp_path / "venv"), "no-such-python"]
    tried = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert tried.returncode == 1
    assert "'no-such-python' is not a Python 3.11 or newer" in tried.stderr


def test_only_one_door_to_the_environment() -> None:
    pattern = re.compile(r"os\.environ|os\.getenv|from os import .*environ")
    found = [
        str(path.relative_to(ROOT))
        for package in ("engine", "channels", "state", "schemas")
        for path in (ROOT / package).rglob("*.py")
        if pattern.search(read(path)) and path != ROOT / "engine/settings.py"
    ]
    assert [name for name in found if not name.endswith("testing.py")] == []


def test_every_doc_is_reachable_from_the_index() -> None:
    """The page of a rule by way of the list of rules."""
    links = read(ROOT / "docs/index.md") + read(ROOT / "docs/rules.md")
    pages = [
        p.relative_to(ROOT / "docs").as_posix() for p in (ROOT / "docs").rglob("*.md") if p.name != "index.md"
    ]
    assert [page for page in sorted(pages) if f"]({page})" not in links] == []


def test_every_relative_link_in_the_docs_leads_somewhere() -> None:
    broken = []
    for page in [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md"), ROOT / "campaigns/README.md"]:
        # examples have links of their own
        prose = re.sub(r"^```.*?^```$|`[^`\n]*`", "", read(page), flags=re.DOTALL | re.MULTILINE)
        for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", prose):
            there = page.parent / target if target else page
            if "://" in target or target.startswith("mailto:"):
                continue
            if not there.exists() or (anchor and anchor not in anchors(there)):
                broken.append(f"{page.relative_to(ROOT)}: {target}#{anchor}")
    assert broken == []


def anchors(page: Path) -> set[str]:
    """What the headings of a page can be linked by, as forges name them, and what it names itself."""
    named = set(re.findall(r'<a id="([^"]+)">', read(page)))
    text = re.sub(r"^```.*?^```", "", read(page), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    return named | {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
