"""What names exist in a project: read from all its files, broken ones too, so that one mistake stays one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from engine import suggest
from engine.compile_predicate import compile_predicate, field_types
from engine.diagnostics import Finding, Related
from engine.fields import CLOSED_VALUES, FieldType
from engine.law import STRENGTH
from engine.located import Located, Span
from engine.model import CHANNELS
from engine.template_file import ParsedTemplate, ref_of

#: what fields can hold whatever the project says: an import refuses any other type of consent
_CLOSED: Mapping[str, Collection[str]] = {
    **CLOSED_VALUES,
    **{f"consent.{channel}": STRENGTH for channel in CHANNELS},
}

#: names of a kind; None: they cannot be known, so nothing is said about them
Names = Collection[str] | None


@dataclass(slots=True)
class Scope:
    """The names a project declares, and where findings go."""

    findings: list[Finding]
    project: Located | None
    fields: Mapping[str, FieldType]
    currency: str
    segments: Names
    offers: Mapping[str, Located] | None
    campaigns: Names
    templates: Mapping[str, ParsedTemplate]  # by ref
    attributes_known: bool = True
    #: every value of a field, where there is a list of them
    values: Mapping[str, Collection[str]] = field(default_factory=dict)

    def say(
        self,
        span: Span,
        code: str,
        message: str,
        mend: str = "",
        other_end: Related | None = None,
        *,
        instead: str | None = None,
    ) -> None:
        """One finding; ``other_end`` of the conflict, when it is one; ``instead``: what safely mends it, put here."""
        related = (other_end,) if other_end else ()
        self.findings.append(span.finding(code, message, mend, related=related, instead=instead))

    def known(
        self,
        node: Located | None,
        what: str,
        code: str,
        names: Names,
        none: str = "",
        *,
        makes: bool = False,
    ) -> None:
        """A finding when the node names nothing there is; ``none`` is the mend when no name comes near. Where that
        ``makes`` what is named, it may be what comes next, so it is offered beside the names there are.

        Of ``names`` with their places the one that was meant is shown: either end may be the misspelt one.
        """
        if node is None or names is None or not isinstance(node.value, str) or node.value in names:
            return
        mend, sure = suggest.mend(node.value, names, none=none), suggest.sure(node.value, names)
        near = suggest.nearest(node.value, names)
        if makes and not near and mend != none:
            mend = f"{mend}; or {none}"
        place = names.get(near) if near and isinstance(names, Mapping) else None
        other_end = place.related("is declared here") if isinstance(place, Span) else None
        self.say(node.span, code, f"unknown {what} '{node.value}'", mend, other_end, instead=sure)

    def predicate(self, node: Located | None) -> None:
        """Findings about a predicate."""
        if node is not None:
            compile_predicate(node, self.fields, self.currency, self._report, self.values)

    def field(self, name: str, span: Span) -> FieldType | None:
        """The type of a person's field; a finding when there is none."""
        if name in self.fields:
            return self.fields[name]
        if name.startswith("attributes."):
            if self.attributes_known:
                attribute = name.removeprefix("attributes.")
                mend = (
                    suggest.mend(name, self.fields) or "declare it under people.attributes in rekindle.yaml"
                )
                sure = suggest.sure(name, self.fields)
                self.say(span, "RK302", f"the attribute '{attribute}' is not declared", mend, instead=sure)
            return None
        mend, sure = suggest.mend(name, self.fields), suggest.sure(name, self.fields)
        self.say(span, "RK301", f"unknown field '{name}'", mend, instead=sure)
        return None

    def _report(self, finding: Finding) -> None:
        if finding.code != "RK302" or self.attributes_known:
            self.findings.append(finding)


def written(node: Located, key: str) -> bool:
    """Does the key stand in the mapping, if only misspelt or with a value that was cut away as wrong?"""
    return key in node.keys or any(suggest.nearest(other, [key]) for other in node.keys)


def unique(scope: Scope, nodes: Iterable[Located | None], what: str) -> None:
    """A finding for each name that was used before."""
    first: dict[str, Span] = {}
    for node in nodes:
        if node is None or not isinstance(node.value, str):
            continue
        if node.value in first:
            message = f"the {what} '{node.value}' is declared twice"
            scope.say(node.span, "RK209", message, "rename one", first[node.value].related("the first"))
        else:
            first[node.value] = node.span


def declared(root: Located | None, listed: str, name: str) -> dict[str, Located] | None:
    """Elements of a list by name; None when the list or one of the names cannot be read."""
    found = root.get(listed) if root else None
    if found is None or not found.is_list:
        return None
    elements = {element.text(name): element for element in found}
    return None if None in elements else {str(key): element for key, element in elements.items()}


def build(
    roots: Mapping[str, Located | None],
    campaigns: Names,
    templates: Mapping[str, ParsedTemplate],
    found: list[Finding],
) -> Scope:
    """The scope of a project. ``roots`` are the shared files as read: present with None when unreadable."""
    project = roots.get("rekindle.yaml")
    people = project.get("people") if project else None
    attributes, known = _attributes(people)
    currency = people.text("currency") if people else None
    segments, incentives = roots.get("segments.yaml"), roots.get("incentives.yaml")
    return Scope(
        findings=found,
        project=project,
        fields=field_types(attributes),
        currency=currency if currency and len(currency) == 3 else "USD",
        segments=declared(segments, "segments", "segment") if "segments.yaml" in roots else (),
        offers=declared(incentives, "incentives", "offer") if "incentives.yaml" in roots else {},
        campaigns=campaigns,
        templates={ref_of(file): parsed for file, parsed in templates.items()},
        attributes_known=known,
        values=_values(people),
    )


def _values(people: Located | None) -> dict[str, Collection[str]]:
    """Every value of a field that has a closed list: ours, and what the project declares in its place. A list that
    cannot be read closes nothing."""
    listed = people.get("values") if people else None
    declared = {
        name: [str(n.value) for n in node] if node.is_list else None
        for name, node in (listed.items() if listed else ())
    }
    return {name: values for name, values in {**_CLOSED, **declared}.items() if values is not None}


def _attributes(people: Located | None) -> tuple[dict[str, str], bool]:
    """Declared attributes of a legal type, and whether that is certainly all of them."""
    if people is None:
        return {}, False
    node = people.get("attributes")
    if node is None:
        return {}, not written(people, "attributes")
    sound = {key: str(part.value) for key, part in node.items() if part.value in list(FieldType)}
    return sound, len(sound) == len(dict(node.items()))
