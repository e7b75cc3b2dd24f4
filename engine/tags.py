"""Jinja tags set aside, so that Markdown and link rules see plain words where a tag stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from jinja2 import Environment

from engine import links
from engine.template_faults import Fault, TemplateFault

#: a tag that stands for one of the project's own links
_OUR_LINK = re.compile(r"\{\{[-+]?\s*(?:links\.\w+|brand\.website)\s*[-+]?\}\}\s*")

#: what to do about a link without an address
_TO = {True: "write its address between ( and )", False: ""}

_BARE = r"""https?://[^\s<>"]*[^\s<>".,;:!?'*)\]]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Utm:
    """What the links of one message are tagged with."""

    medium: str
    campaign: str
    content: str


@dataclass(slots=True)
class Tags:
    """The tags of one source, each known by a mark: a word that Markdown leaves alone."""

    source: str
    utm: Utm
    stem: str
    kept: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    #: (place in the words that are left, place in the source) of every stretch of them, in order
    starts: list[tuple[int, int]] = field(default_factory=list)

    def sound(self) -> None:
        """Raises TemplateFault with every link that cannot be."""
        if self.faults:
            raise TemplateFault(self.faults)

    def keep(self, tag: str) -> str:
        """Set a tag aside; its mark. ``b`` marks a block tag, ``u`` one of our links, ``v`` another value."""
        kind = "b" if tag.startswith("{%") else "u" if _OUR_LINK.fullmatch(tag) else "v"
        self.kept.append(tag)
        return f"{self.stem}{len(self.kept) - 1}{kind}"

    def mark(self, kinds: str = "buv") -> str:
        """A regular expression for marks of these kinds; group-free."""
        return rf"{self.stem}\d+[{kinds}]"

    def tag(self, mark: str) -> str:
        """The tag behind a mark."""
        return self.kept[int(mark[len(self.stem) : -1])]

    def restore(self, text: str) -> str:
        """``text`` with every mark turned back into its tag."""
        return re.sub(self.mark(), lambda found: self.tag(found[0]), text)

    def bare_link(self) -> re.Pattern[str]:
        """What reads as a link in running text: a web address, or a tag that stands for one of our links."""
        return re.compile(f"{_BARE}|{self.mark('u')}")

    def href(self, url: str) -> str:
        """The address a link leads to: tagged now, or a mark for an expression that tags it at run time."""
        if not re.search(self.mark(), url):
            try:
                return links.tagged(url, self.utm.medium, self.utm.campaign, self.utm.content)
            except links.LinkRefused as refused:
                mend = f"write mailto:{url}" if re.fullmatch(r"[^/@:]+@[^/@:]+", url) else ""
                self._fault(f"{refused}, not {url}" if url else str(refused), url, mend or _TO[not url])
                return url
        utm = ", ".join(literal(part) for part in (self.utm.medium, self.utm.campaign, self.utm.content))
        return self.keep(f"{{{{ ({self._joined(url)}) | link({utm}) }}}}")

    def picture(self, url: str) -> str:
        """The address of a picture, which carries no campaign tags."""
        if re.search(self.mark(), url):
            return self.keep(f"{{{{ ({self._joined(url)}) | picture }}}}")
        try:
            return links.picture(url)
        except links.LinkRefused as refused:
            self._fault(f"{refused}, not {url}" if url else str(refused), url, _TO[not url])
            return url

    def _joined(self, url: str) -> str:
        """A Jinja expression for an address; a value that is only a part of it is percent-encoded."""
        encode = "address_part" if url.startswith(("mailto:", "tel:")) else "url_part"
        pieces: list[str] = []
        for piece in re.split(f"({self.mark()})", url):
            if not piece:
                continue
            if not re.fullmatch(self.mark(), piece):
                pieces.append(literal(piece))
            elif piece.endswith("b"):
                self._fault("a link cannot hold {% %}", url, "write one link in each branch")
            else:
                inner = self.tag(piece).strip()[2:-2].strip("+- \n\t")
                pieces.append(f"(({inner}) | {encode})" if pieces else f"({inner})")
        return " ~ ".join(pieces)

    def _fault(self, message: str, url: str, mend: str = "") -> None:
        """A fault at the line where the address is written."""
        word = self.restore(url) if url else self._empty()
        before, found, _ = self.source.partition(word or "\n")
        line = before.count("\n") + 1 if found else 1
        self.faults.append(Fault(code="RK610", message=message, mend=mend, line=line, word=word))

    def _empty(self) -> str:
        """How the first link without an address is written."""
        found = re.search(r"\[[^\]\n]*\]\(\s*(?:<>)?\s*\)", self.source)
        return found[0] if found else ""


def literal(text: str) -> str:
    """``text`` as a Jinja string."""
    plain = text.encode("unicode_escape").decode().replace('"', '\\"')
    return f'"{plain}"'


def set_aside(env: Environment, source: str, utm: Utm) -> tuple[str, Tags]:
    """``source`` with marks for its tags, and the tags. Comments go. Raises jinja2.TemplateSyntaxError."""
    stem = "zq"
    while stem in source:
        stem += "q"
    tags = Tags(source, utm, stem)
    words: list[str] = []
    tag, length, at, first = "", 0, 0, 0
    for _, kind, text in env.lex(source):
        found = source.find(text, at)  # Jinja leaves out blanks beside {%- and -%}
        at = (found if found >= 0 else at) + len(text)
        piece = ""
        if tag or kind.endswith("_begin"):
            first = first if tag else at - len(text)
            tag += text
            if kind.endswith("_end") or kind == "raw_begin":
                piece = "" if kind == "comment_end" else tags.keep(tag)
                tag = ""
        else:
            first = at - len(text)
            piece = tags.keep(text) if kind == "raw_end" else text
        if piece:
            tags.starts.append((length, first))
            words.append(piece)
            length += len(piece)
    return "".join(words), tags
