"""The canonical layout of a file of the language: ``lay_out``.

read.py makes a tree of what is written, attach.py puts the comments into it, order.py sorts its keys, write.py and
align.py write it anew, and keeps.py makes sure that nothing was lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.comments import read_comments
from engine.diagnostics import Finding
from engine.document import parse
from engine.errors import RekindleError
from engine.fmt.align import text_of
from engine.fmt.attach import attach
from engine.fmt.keeps import keeps
from engine.fmt.order import Shape, arrange
from engine.fmt.read import read
from engine.fmt.write import write

__all__ = ["LaidOut", "NotKept", "lay_out"]


class NotKept(RekindleError):
    """Laid out anew the file would not say the same."""

    hint = "The file is left as it is; please send it to those who make rekindle"


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A file in its layout; or as it was, where ``findings`` say why it cannot be read."""

    text: str
    findings: tuple[Finding, ...] = ()


def lay_out(text: str, file: str) -> LaidOut:
    """The same data, comments, anchors and aliases in the layout of the language.

    ``file`` names it in findings. Raises NotKept rather than change what the file says.
    """
    document = parse(text, file)
    if document.root is None or document.findings:
        return LaidOut(text, document.findings)
    if not document.root.is_map:
        wrong = document.root.span.finding(
            "RK116", "the first key says what a file is; here is none", "start it with 'campaign: ...'"
        )
        return LaidOut(text, (wrong,))
    laid_out = _laid_out(text)
    if not keeps(text, laid_out, file):
        raise NotKept(f"laid out anew, {file} would not say the same")
    return LaidOut(laid_out)


def _laid_out(text: str) -> str:
    text = re.sub(r"\r\n?", "\n", text.removeprefix("\ufeff"))
    written = read(text)
    attach(written, list(read_comments(text, "").comments))
    root = written.root
    arrange(root, Shape.of(entry.key.value for entry in root.entries if entry.key is not None))
    return text_of(write(root))
