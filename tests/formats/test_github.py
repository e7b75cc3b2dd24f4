"""Workflow commands, read back by the rules GitHub documents and its runner follows."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.cli.output import github
from engine.cli.output.report import Report, build, encodable
from tests.formats.support import conflict, finding

_SIGNS = {"%25": "%", "%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ","}


@dataclass(frozen=True, slots=True)
class Command:
    """What a line asks of the runner."""

    name: str
    properties: dict[str, str]
    text: str


def commands(log: str) -> list[Command]:
    """Every command in a log: a line that begins with two colons, a name, properties, two colons and the text."""
    lines = re.split(r"\r\n|\r|\n", log)
    assert not any("##[" in line for line in lines if not line.startswith("::")), "the older form of a command"
    return [_parsed(line) for line in lines if line.lstrip().startswith("::")]


def _parsed(line: str) -> Command:
    head, text = line.lstrip()[2:].split("::", 1)
    name, _, rest = head.partition(" ")
    pairs = [pair.split("=", 1) for pair in rest.strip().split(",") if pair]
    return Command(name, {pair[0]: _unescaped(pair[1]) for pair in pairs}, _unescaped(text))


def _unescaped(text: str) -> str:
    return re.sub("%(?:25|0D|0A|3A|2C)", lambda found: _SIGNS[found[0]], text)


def test_a_finding_is_one_command_with_its_place_its_rule_and_its_page() -> None:
    log = github.render(build([conflict()], {"a.yaml": "", "b.yaml": ""}, "campaigns/"))
    (command,) = commands(log)
    assert command.name == "error"
    assert command.properties == {
        "file": "campaigns/a.yaml",
        "line": "2",
        "col": "4",
        "endColumn": "6",
        "title": "RK209 duplicate name",
    }
    assert command.text.split("\n") == [
        "campaigns/a.yaml:2:4: unknown key 'foo' (did you mean 'for'?)",
        "the first: campaigns/b.yaml:1:1",
        "in step 's'",
        "https://rekindle.example/docs/rules/RK209",
    ]
    assert log.endswith("\n1 error in 1 file\n")


def test_what_would_end_a_property_or_a_line_is_escaped() -> None:
    (line, *_) = github.render(build([finding(file="a,b:c%\n.yaml")], {}, "")).split("\n")
    assert line.startswith("::error file=a%2Cb%3Ac%25%0A.yaml,line=2,")


def test_a_sound_project_asks_nothing() -> None:
    assert github.render(build([], {"a.yaml": ""}, "")) == "1 file, nothing to mend\n"


def check(report: Report) -> None:
    """No words in a file can be a command of their own."""
    told = commands(github.render(report).encode().decode())
    assert [(c.name, c.properties["file"], c.properties["line"]) for c in told] == [
        (f.severity, encodable(f.file), str(f.line)) for f in report.findings
    ]
    assert all(set(c.properties) == {"file", "line", "col", "endColumn", "title"} for c in told)
    assert [c.text.split("\n")[-1][-5:] for c in told] == [f.code for f in report.findings]
