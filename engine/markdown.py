"""Markdown with Jinja tags, turned once into two Jinja sources: HTML and readable plain text.

A message then costs two renders of compiled templates, and a value can never become Markdown, because no
Markdown is read after the values are in (docs/decisions/0004).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jinja2 import Environment
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from engine.tags import Tags, Utm, set_aside

#: what each element looks like where a mail program ignores style sheets
STYLES = {
    "p": "margin:0 0 18px;",
    "h1": "margin:0 0 18px;font-size:24px;line-height:1.3;font-weight:700;",
    "h2": "margin:28px 0 12px;font-size:19px;line-height:1.35;font-weight:700;",
    "h3": "margin:24px 0 10px;font-size:16px;line-height:1.4;font-weight:700;",
    "ul": "margin:0 0 18px;padding:0 0 0 22px;",
    "ol": "margin:0 0 18px;padding:0 0 0 22px;",
    "li": "margin:0 0 6px;",
    "blockquote": "margin:0 0 18px;padding:2px 0 2px 16px;border-left:3px solid #c9ced8;",
    "hr": "border:0;border-top:1px solid #e3e6eb;margin:28px 0;",
    "a": "color:#1a56db;text-decoration:underline;",
    "img": "max-width:100%;height:auto;border:0;",
}
#: a link that is a whole paragraph
BUTTON = (
    "display:inline-block;margin:6px 0 8px;padding:13px 26px;border-radius:8px;"
    "background-color:#1f2a44;color:#ffffff;font-weight:600;line-height:1.3;text-decoration:none;"
)

#: block tags that close what they opened
_OPENS = re.compile(r"\{%[-+]?\s*(if|for|with|filter|call)\b")
_CLOSES = re.compile(r"\{%[-+]?\s*end(if|for|with|filter|call)\b")


@dataclass(frozen=True, slots=True)
class Body:
    """The two sources of one message body."""

    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """A Markdown body read: ``words`` are its source with marks for its tags, as they stand in the tokens."""

    words: str
    tokens: list[Token]
    tags: Tags
    parser: MarkdownIt


def body(env: Environment, source: str, utm: Utm) -> Body:
    """Both sources of a Markdown body. Raises TemplateFault and jinja2.TemplateSyntaxError."""
    parsed = parse(env, source, utm)
    tokens, tags, parser = parsed.tokens, parsed.tags, parsed.parser
    text = _Text(tags).blocks(SyntaxTreeNode(tokens).children)
    _style(tokens)
    html = parser.renderer.render(tokens, parser.options, {})
    return Body(tags.restore(html), tags.restore(text).strip("\n"))


def parse(env: Environment, source: str, utm: Utm) -> Parsed:
    """A Markdown body as tokens, its links tagged. Raises TemplateFault and jinja2.TemplateSyntaxError."""
    words, tags = set_aside(env, source, utm)
    parser = MarkdownIt("commonmark", {"html": False})
    parser.validateLink = _any_link  # type: ignore[method-assign]
    tokens = parser.parse(_apart(words, tags))
    tokens = list(_hoisted(tokens, tags, parser))
    for token in tokens:
        if token.children is not None:
            token.children = list(_linked(token.children, tags))
            _resolve(token.children, tags)
    tags.sound()
    return Parsed(words, tokens, tags, parser)


def _any_link(url: str) -> bool:
    """Every link is read as one, so that one no message may carry is refused and not printed as words."""
    return True


def plain_text(env: Environment, source: str, utm: Utm) -> str:
    """The source of a plain text body, links tagged; a line of nothing but block tags leaves no line.

    Raises TemplateFault and jinja2.TemplateSyntaxError.
    """
    words, tags = set_aside(env, source, utm)
    words = re.sub(rf"(?m)^[ \t]*((?:{tags.mark('b')}[ \t]*)+)\n", r"\1", words)
    words = tags.bare_link().sub(lambda found: tags.href(found[0]), words)
    tags.sound()
    return tags.restore(words).strip("\n")


def escaped(env: Environment, source: str, utm: Utm) -> str:
    """A line of front matter as HTML: its words escaped, its tags as they are."""
    words, tags = set_aside(env, source, utm)
    return tags.restore(escapeHtml(words))


def _apart(words: str, tags: Tags) -> str:
    """Blank lines around block tags that stand on a line of their own, so that each is a block of its own."""
    alone = re.compile(rf"(?m)^([ \t]*(?:{tags.mark('b')}[ \t]*)+)$")
    return alone.sub(r"\n\1\n", words)


def _hoisted(tokens: list[Token], tags: Tags, parser: MarkdownIt) -> Iterator[Token]:
    """Tokens with block tags taken out of the paragraphs they fill or enclose, so that none stays empty."""
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.type == "paragraph_open":
            yield from _paragraph(tokens[position : position + 3], tags, parser)
            position += 3
        else:
            yield token
            position += 1


def _paragraph(tokens: list[Token], tags: Tags, parser: MarkdownIt) -> list[Token]:
    content = tokens[1].content.strip()
    if re.fullmatch(rf"(?:{tags.mark('b')}\s*)+", content):
        return [_raw(content)]
    enclosed = re.fullmatch(rf"({tags.mark('b')})(.*)({tags.mark('b')})", content, re.DOTALL)
    if not enclosed or not _encloses(enclosed[1], enclosed[2], enclosed[3], tags):
        return tokens
    inner = parser.parseInline(enclosed[2].strip())[0]
    return [_raw(enclosed[1]), tokens[0], inner, tokens[2], _raw(enclosed[3])]


def _encloses(first: str, inside: str, last: str, tags: Tags) -> bool:
    """True when ``last`` closes ``first`` and no other tag is inside."""
    opens, closes = _OPENS.match(tags.tag(first)), _CLOSES.match(tags.tag(last))
    return bool(opens and closes and opens[1] == closes[1] and not re.search(tags.mark("b"), inside))


def _raw(content: str) -> Token:
    return Token("html_block", "", 0, content=content, block=True)


def _linked(children: Iterable[Token], tags: Tags) -> Iterator[Token]:
    """Inline tokens with bare addresses made links."""
    inside = 0
    for token in children:
        inside += token.nesting if token.type in ("link_open", "link_close") else 0
        if token.type != "text" or inside:
            yield token
            continue
        for piece in re.split(f"({tags.bare_link().pattern})", token.content):
            if piece and tags.bare_link().fullmatch(piece):
                yield Token("link_open", "a", 1, attrs={"href": piece}, markup="linkify")
                yield Token("text", "", 0, content=piece)
                yield Token("link_close", "a", -1, markup="linkify")
            elif piece:
                yield Token("text", "", 0, content=piece)


def _resolve(children: list[Token], tags: Tags) -> None:
    """Addresses tagged; a link that is a whole paragraph is marked as the button it is meant to be."""
    for token in children:
        if token.type == "link_open":
            token.meta["shown"] = _shown(str(token.attrs["href"]))
            token.attrs["href"] = tags.href(str(token.attrs["href"]))
        elif token.type == "image":
            token.attrs["src"] = tags.picture(str(token.attrs["src"]))
    links = sum(token.type == "link_open" for token in children)
    ends = bool(children) and children[0].type == "link_open" and children[-1].type == "link_close"
    if links == 1 and ends and not children[0].markup:
        children[0].meta["button"] = True


def _style(tokens: Iterable[Token]) -> None:
    for token in tokens:
        if token.nesting >= 0 and token.tag in STYLES:
            button = token.meta.get("button")
            token.attrSet("style", BUTTON if button else STYLES[token.tag])
            if token.tag in ("a", "blockquote", "hr"):
                token.attrSet("class", "button" if button else {"a": "link"}.get(token.tag, "rule"))
        _style(token.children or ())


class _Text:
    """The plain text of a document. Every block ends in a blank line of its own, and a tag has none, so that
    a block that is not there leaves no gap."""

    def __init__(self, tags: Tags) -> None:
        self.tags = tags

    def blocks(self, nodes: Iterable[SyntaxTreeNode]) -> str:
        return "".join(self.block(node) for node in nodes)

    def block(self, node: SyntaxTreeNode) -> str:
        match node.type:
            case "html_block":
                return node.content
            case "bullet_list" | "ordered_list":
                return self.items(node) + "\n"
            case "blockquote":
                return _indented(self.blocks(node.children).rstrip("\n"), "> ", "> ") + "\n\n"
            case "hr":
                return "-----\n\n"
            case "fence" | "code_block":
                return f"{node.content}\n"
            case _:
                return f"{self.inlines(node.children[0].children if node.children else ())}\n\n"

    def items(self, node: SyntaxTreeNode) -> str:
        first = int(node.attrs.get("start", 1))
        lines = []
        for number, item in enumerate(node.children, first):
            sign = f"{number}. " if node.type == "ordered_list" else "- "
            lines.append(_indented(self.blocks(item.children).strip("\n"), sign, " " * len(sign)) + "\n")
        return "".join(lines)

    def inlines(self, nodes: Iterable[SyntaxTreeNode]) -> str:
        return "".join(self.inline(node) for node in nodes)

    def inline(self, node: SyntaxTreeNode) -> str:
        match node.type:
            case "text" | "code_inline":
                return node.content
            case "softbreak":
                return " "
            case "hardbreak":
                return "\n"
            case "image":
                return node.content
            case "link":
                return self.link(node)
            case _:
                return self.inlines(node.children)

    def link(self, node: SyntaxTreeNode) -> str:
        words = self.inlines(node.children)
        address = node.meta["shown"] or str(node.attrs["href"])
        bare = node.markup in ("linkify", "autolink")
        return address if bare or words == address else f"{words} ({address})"


def _shown(address: str) -> str | None:
    """The mailbox or number a link leads to, as it reads in plain text; None for a web address."""
    scheme, _, rest = address.partition(":")
    return rest if scheme in ("mailto", "tel") else None


def _indented(text: str, first: str, rest: str) -> str:
    return "\n".join((first if n == 0 else rest) + line for n, line in enumerate(text.split("\n")))
