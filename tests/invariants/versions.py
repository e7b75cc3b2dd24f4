"""Ways in which somebody edits the campaign files under running enrolments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

Edit = Callable[[str], str]


def _replaced(old: str, new: str) -> Edit:
    def edit(text: str) -> str:
        assert old in text, old
        return text.replace(old, new)

    return edit


_NOTE = "  - {step: note, at: 2d, for: fresh, linkedin: all/note}\n"
_NO_NOTE = "  - {step: note, at: 2d, wait_for: {event: clicked, up_to: 1d}}\n"
_LOOK = "  - {step: look, at: 4d, for: fresh, review: {task: Read it before it goes, up_to: 4d}}\n"
_OLDER = "  older: {churned_at: {newer_than: 365d}}\n"

#: name -> (file, what becomes of its text; None: the file is removed)
EDITS: Mapping[str, tuple[str, Edit | None]] = {
    "rename a step": ("recall.yaml", lambda text: text.replace("step: text,", "step: text_again,")
                      .replace("else: text}", "else: text_again}")),
    "send nothing at a step": ("recall.yaml", _replaced(_NOTE, _NO_NOTE)),
    "remove the review": ("recall.yaml", _replaced(_LOOK, "")),
    "remove the trigger": ("recall.yaml", lambda text: text[: text.index("triggers:")] + text[text.index("then:") :]),
    "drop a cohort": ("recall.yaml", _replaced(_OLDER, "")),
    "repeat sooner": ("checkin.yaml", _replaced("repeat: 12d", "repeat: 9d")),
    "break a file": ("second.yaml", lambda text: text + "no_such_key: [\n"),
    "remove a campaign": ("burst.yaml", None),
    "remove the repeating campaign": ("checkin.yaml", None),
}  # fmt: skip


def apply(root: Path, original: Path, name: str) -> None:
    """Write the edited file into the project at ``root``; it is always the original that is edited."""
    file, edit = EDITS[name]
    if edit is None:
        (root / file).unlink(missing_ok=True)
    else:
        (root / file).write_text(edit((original / file).read_text()))


def restore(root: Path, original: Path) -> None:
    """All campaign files as they were."""
    for path in original.glob("*.yaml"):
        (root / path.name).write_text(path.read_text())
