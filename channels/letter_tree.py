"""The HTML of a letter's words as the tree that its template walks, and as the plain words that must be on paper.

A node is a mapping whose ``t`` says what it is. Blocks: ``p`` ``h`` (``level``) ``ul`` ``ol`` (``start``) ``quote``
``hr``. Within a line: a string, ``b`` ``i`` ``a`` (``to``) ``br``. ``c`` is what a node holds; of a list, the blocks of
each item.
A link is printed: its words, and its address behind them where they do not say it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from typing import Any

Node = dict[str, Any]

_INLINE = {"strong": "b", "b": "b", "em": "i", "i": "i", "a": "a"}
_BLOCKS = {"p": "p", "ul": "ul", "ol": "ol", "blockquote": "quote", "li": "li", "pre": "p"}
_SHOWN = ("mailto:", "tel:")


def from_html(html: str) -> list[Node]:
    """The blocks of a fragment. Tags that are none of ours are left out, and what they hold stays."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return _clean(reader.root["c"])


def from_text(text: str) -> list[Node]:
    """The blocks of plain words: paragraphs apart by blank lines, lines as they are."""
    paragraphs = (part.strip("\n") for part in text.replace("\r\n", "\n").split("\n\n"))
    return [{"t": "p", "c": _broken(part)} for part in paragraphs if part.strip()]


def _broken(text: str) -> list[str | Node]:
    found: list[str | Node] = []
    for line in text.split("\n"):
        found += [{"t": "br"}, line] if found else [line]
    return found


def words(nodes: Sequence[str | Node]) -> Iterator[str]:
    """Every stretch of words of a tree, a block's at a time."""
    line: list[str] = []
    for node in nodes:
        if isinstance(node, str):
            line.append(node)
        elif node["t"] in ("b", "i", "a"):
            line += words(node["c"])
        else:
            if line:
                yield "".join(line)
                line = []
            yield from _block_words(node)
    if line:
        yield "".join(line)


def _block_words(node: Node) -> Iterator[str]:
    items = node["c"] if node["t"] in ("ul", "ol") else [node.get("c", ())]
    for number, item in enumerate(items, node.get("start", 1)):
        if node["t"] == "ol":
            yield f"{number}."
        yield from words(item)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root: Node = {"t": "root", "c": []}
        self._open: list[tuple[str, Node]] = [("", self.root)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "br":
            self._put({"t": "br"})
        elif tag == "hr":
            self._put({"t": "hr"})
        elif tag == "img":
            self._put(given.get("alt", ""))
        elif node := _node(tag, given):
            self._put(node)
            self._open.append((tag, node))

    def handle_endtag(self, tag: str) -> None:
        if tag not in [name for name, _ in self._open]:
            return
        while True:
            name, node = self._open.pop()
            if node["t"] == "a":
                self._printed(node)
            if name == tag:
                return

    def handle_data(self, data: str) -> None:
        if any(name == "pre" for name, _ in self._open):
            for part in _broken(data.strip("\n")):
                self._put(part)
        else:
            self._put(data.replace("\n", " "))

    def _put(self, node: str | Node) -> None:
        self._open[-1][1]["c"].append(node)

    def _printed(self, link: Node) -> None:
        """The address behind the words of a link that is closed, unless they say it."""
        said = "".join(words(link["c"])).strip()
        shown = link["to"]
        for scheme in _SHOWN:
            shown = shown.removeprefix(scheme)
        if _bare(said) == _bare(shown):
            return
        self._put(" (")
        self._put({"t": "a", "to": link["to"], "c": [shown]})
        self._put(")")


def _bare(address: str) -> str:
    """An address without what nobody says: the scheme, and the blanks in a number."""
    plain = address.removeprefix("https://").removeprefix("http://").rstrip("/")
    digits = "".join(sign for sign in plain if sign.isdigit() or sign == "+")
    return digits if digits and not any(sign.isalpha() for sign in plain) else plain


def _node(tag: str, given: dict[str, str]) -> Node | None:
    if tag == "a":
        return {"t": "a", "to": given.get("href", ""), "c": []}
    if tag in _INLINE:
        return {"t": _INLINE[tag], "c": []}
    if tag == "ol":
        start = given.get("start", "1")
        return {"t": "ol", "start": int(start) if start.isdecimal() else 1, "c": []}
    if tag in _BLOCKS:
        return {"t": _BLOCKS[tag], "c": []}
    if len(tag) == 2 and tag[0] == "h" and tag[1] in "123456":
        return {"t": "h", "level": int(tag[1]), "c": []}
    return None


_BLOCK_KINDS = frozenset({"p", "h", "ul", "ol", "quote", "hr", "li"})


def _clean(nodes: Sequence[str | Node]) -> list[Node]:
    """Blocks only: words that stand between blocks become paragraphs, blanks go."""
    found: list[Node] = []
    line: list[str | Node] = []
    for node in [*nodes, {"t": "hr", "end": True}]:
        if isinstance(node, str) or node["t"] not in _BLOCK_KINDS:
            line.append(node)
            continue
        if words_of := _stripped(line):
            found.append({"t": "p", "c": words_of})
        line = []
        if not node.get("end"):
            found.append(_cleaned(node))
    return [node for node in found if node["t"] == "hr" or node["c"]]


def _cleaned(node: Node) -> Node:
    match node["t"]:
        case "ul" | "ol":
            items = (_clean(item["c"]) for item in node["c"] if isinstance(item, dict) and item["t"] == "li")
            return {**node, "c": [item for item in items if item]}
        case "quote" | "li":
            return {**node, "t": "quote", "c": _clean(node["c"])}
        case "hr":
            return node
        case _:
            return {**node, "c": _stripped(node["c"])}


def _stripped(line: list[str | Node]) -> list[str | Node]:
    """Words of a line without blanks at its ends; nothing where there are no words."""
    if not "".join(words(line)).strip():
        return []
    kept = list(line)
    while kept and isinstance(kept[0], str) and not kept[0].strip():
        kept.pop(0)
    while kept and isinstance(kept[-1], str) and not kept[-1].strip():
        kept.pop()
    if kept and isinstance(kept[0], str):
        kept[0] = kept[0].lstrip()
    if kept and isinstance(kept[-1], str):
        kept[-1] = kept[-1].rstrip()
    return kept
