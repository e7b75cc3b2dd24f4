"""Letters: that each is signed, and by a human being."""

from __future__ import annotations

from collections.abc import Iterator

from engine.checks.scope import Scope, written
from engine.compile_campaign import step_channel
from engine.located import Located
from engine.model import OWNER
from engine.signatories import no_person

_LETTER = "letter"


def signatories(scope: Scope, brand: Located | None) -> None:
    """Findings about the people who are declared to sign."""
    declared = brand.get("signatories") if brand else None
    for key, person in declared.items() if declared else ():
        name = person.get("name")
        if declared and key == OWNER:
            mend = f"rename it; 'signed_by: {OWNER}' is the contact of whoever the letter is to"
            scope.say(declared.key(key), "RK209", f"'{OWNER}' is a name of rekindle's own", mend)
        said = no_person(str(name.value)) if name is not None else None
        if brand and name is not None and not said and _is_company(brand, str(name.value)):
            said = "is the company"
        if name is not None and said:
            mend = "write the first and the last name of whoever signs"
            scope.say(
                name.span, "RK506", f"'{name.value}' {said}: a letter is signed by a named person", mend
            )


def _is_company(brand: Located, name: str) -> bool:
    return name.casefold() in {str(brand.text(key)).casefold() for key in ("name", "legal_name")}


def check(scope: Scope, step: Located) -> None:
    """Findings about who signs what a step sends."""
    signed_by, channel = step.get("signed_by"), step_channel(step)
    if signed_by is not None and channel is not None and channel != _LETTER:
        other_end = step.key(channel).related("what this step sends")
        scope.say(step.key("signed_by"), "RK115", "only a letter is signed", "remove it", other_end)
    elif signed_by is not None:
        declare = "declare them under brand.signatories in rekindle.yaml"
        scope.known(signed_by, "signatory", "RK214", _known(scope), declare, makes=True)
    elif channel == _LETTER and not written(step, "signed_by") and _is_document(scope):
        mend = "add 'signed_by: ...', a name of brand.signatories, or 'signed_by: owner', the person's own contact"
        scope.say(step.key(_LETTER), "RK505", "nobody is named who signs this letter", mend)


def _known(scope: Scope) -> list[str] | None:
    """Names that may be named; None where they cannot be known."""
    brand = scope.project.get("brand") if scope.project else None
    if brand is None:
        return None
    declared = brand.get("signatories")
    if declared is None and written(brand, "signatories"):
        return None
    return [*(declared.keys if declared else ()), OWNER]


def _is_document(scope: Scope) -> bool:
    """Does any environment make documents of letters?"""
    return any(channels.text("adapter") == "letter" for channels in _carriers(scope))


def _carriers(scope: Scope) -> Iterator[Located]:
    project = scope.project
    environments = project.get("environments") if project else None
    places = [project, *(node for _, node in environments.items())] if environments else [project]
    for place in places:
        channels = place.get("channels") if place else None
        carrier = channels.get(_LETTER) if channels else None
        if carrier is not None and carrier.is_map:
            yield carrier
