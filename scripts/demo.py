"""``make demo``: the four shipped campaigns over 45 virtual days, in a copy: nothing of yours is touched.

The sample's "now" is fixed, so every run gives the same numbers.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

PROJECT = Path("var/demo/project")
OUTBOX = PROJECT / "var" / "outbox"
START = "2026-03-02T15:00:00Z"

#: somebody of the sample who is worth a look
PERSON = "olga.1194@summit-lock-works.example"
#: which of that person's messages is shown
STEP = "email/churned/it_is_here"


def main() -> int:
    """Run the demo; the exit code of the first command that fails."""
    if PROJECT.parent.exists():
        shutil.rmtree(PROJECT.parent)
    shutil.copytree("campaigns", PROJECT, ignore=shutil.ignore_patterns("var"))
    for title, words in (
        ("1. Are the files right?", "validate"),
        ("2. Do the campaigns do what their tests say?", "test"),
        ("3. Read 2,000 people, then 45 days as fast as they go. Nobody is reached.",
         f"run --virtual --from {START} --until 45d"),
    ):  # fmt: skip
        say(title)
        status = rekindle(*words.split())
        if status:
            return status
    say(f"4. One of the messages to {PERSON}")
    show(next(file for file in sorted((OUTBOX / STEP).glob("*.eml")) if PERSON in str(read(file)["To"])))
    say("Look around")
    look_around()
    return 0


def rekindle(*words: str) -> int:
    """Run the command as a user would, and say so."""
    print(f"$ rekindle --project {PROJECT} {' '.join(words)}", flush=True)
    command = Path(sys.executable).with_name("rekindle")
    return subprocess.run([command, "--project", PROJECT, *words], check=False).returncode  # noqa: S603


def say(title: str) -> None:
    """A heading."""
    bold, plain = (
        ("\033[1m", "\033[0m") if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else ("", "")
    )
    print(f"\n{bold}{title}{plain}", flush=True)


def read(file: Path) -> EmailMessage:
    """A message of the outbox."""
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def show(file: Path) -> None:
    """A message as its reader sees it."""
    message = read(file)
    print(f"{file}\n")
    for name in ("From", "To", "Subject", "List-Unsubscribe-Post"):
        print(f"  {name}: {message[name]}")
    body = message.get_body(("plain",))
    text = body.get_content() if body else ""
    print("\n" + "".join(f"  {line}\n" for line in text.splitlines()))


def look_around() -> None:
    """What to do next."""
    command = Path(sys.executable).with_name("rekindle")
    shown = os.path.relpath(command)
    for what, words in (
        ("why each of these people got nothing", f"{shown} --project {PROJECT} status"),
        ("that person's whole story", f"{shown} --project {PROJECT} explain {PERSON}"),
        ("what is left for humans to do", f"{shown} --project {PROJECT} tasks list"),
        ("every message is a file", f"ls -R {OUTBOX}"),
    ):
        print(f"  {what:<40} {words}")


if __name__ == "__main__":
    sys.exit(main())
