"""The proof, made each time, that a layout keeps what a file says."""

from __future__ import annotations

from collections import Counter

import yaml

from engine.comments import read_comments
from engine.document import parse, scan
from engine.fmt.order import Shape
from engine.located import Located


def keeps(before: str, after: str, file: str) -> bool:
    """Do both say the same: the data, in order where order means something; each comment, anchor and alias?"""
    old, new = parse(before, file), parse(after, file)
    if old.root is None or new.root is None or new.findings:
        return False
    shape = Shape.of(old.root.keys)
    return _same(old.root, new.root, shape) and _marks(before) == _marks(after)


def _same(old: Located, new: Located, shape: Shape) -> bool:
    if old.is_map and new.is_map:
        keys = list(old.keys)
        mapping = shape.mapping(keys)
        if list(new.keys) not in (keys, mapping.arranged(keys)):
            return False
        return all(_same(child, new[key], mapping.key(key)) for key, child in old.items())
    if old.is_list and new.is_list:
        pairs = zip(old, new, strict=False)
        alike = len(list(old)) == len(list(new))
        return alike and all(_same(one, other, shape.element()) for one, other in pairs)
    return type(old.value) is type(new.value) and old.value == new.value


def _marks(text: str) -> Counter[tuple[str, str]]:
    """How often each comment, anchor and alias is there."""
    found = Counter(("#", comment.text.rstrip()) for comment in read_comments(text, "").comments)
    for token in scan(text.removeprefix("\ufeff")):
        if isinstance(token, yaml.AnchorToken | yaml.AliasToken):
            found[type(token).__name__, str(token.value)] += 1
    return found
