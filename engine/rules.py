"""Every code a finding can have: its title and what it means in a line. docs/rules.md tells more."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """A numbered rule."""

    code: str
    title: str
    meaning: str


_TABLE = """
RK100 unreadable file | The file is too long, is not UTF-8, or holds control characters.
RK101 not YAML | The file is empty or its YAML is broken: a tab, an indent, an open quote or bracket.
RK102 duplicate key | A mapping has the same key twice; which one counts would be a guess.
RK104 bad alias | An alias names nothing, contains itself, or blows the file up.
RK105 YAML outside the language | A tag, a second document, or a key that is no word.
RK110 unknown key | The key is not part of the language here; most often it is misspelt.
RK111 missing key | Something that must be said is not.
RK112 wrong kind of value | A list where text belongs, a number where a mapping belongs, or nothing at all.
RK113 illegal value | The value has the right kind and is not one that is allowed.
RK114 badly written unit | A duration, rate, percentage, hour, date, amount or address that cannot be read.
RK115 keys that exclude each other | Two keys that say what something is stand in one mapping.
RK116 wrong file | The file is missing, in the wrong place, or its first key does not say what it is.
RK120 literal secret | A password, token or key stands in the file instead of {env: NAME}.
RK201 unknown segment | segments.yaml declares no such segment.
RK202 unknown template | There is no such file in templates/.
RK203 unknown offer | incentives.yaml declares no such offer.
RK204 unknown step | No step of that name where it is looked for.
RK205 unknown cohort | The campaign declares no such cohort.
RK206 unknown campaign | No campaign of that name, or it is the campaign itself.
RK207 unknown reason | A test expects a reason no gate gives and no round ends with.
RK208 id and file name differ | A campaign's id is its file's name without .yaml.
RK209 duplicate name | Two things of a kind have the same name, or a name rekindle keeps for itself.
RK301 unknown field | No such field of a person.
RK302 undeclared attribute | rekindle.yaml does not declare that attribute under people.attributes.
RK303 unknown comparison | No such comparison in a predicate.
RK304 comparison that does not fit | The field's type cannot be compared like that.
RK305 value that does not fit | The field's type is not the value's.
RK306 nobody left | Everyone is taken by what stands above.
RK401 time goes backwards | Steps stand in the order of their time; `at` counts from entry.
RK402 backward jump | A branch may only go on to a later step.
RK403 window never opens | The step's hours lie wholly in the quiet hours of its channel.
RK404 branch never taken | A way on stands below the `else`.
RK405 quiet hours by day | Quiet hours must span the night, so that one window of the day is left open.
RK501 loosened consent | A campaign may ask for more consent than the policy, never for less.
RK502 consent without proof | Written consent is imported without a column for its proof.
RK503 sending without a key | An environment that really sends needs a key to sign unsubscribe links with.
RK601 template syntax | Jinja cannot read the template.
RK602 unknown name in a template | The template names something no message has.
RK603 unknown filter | No such filter or test in templates.
RK604 name not available here | It exists, but not for the step that sends the template, or not in its offer.
RK605 template draws in a file | Templates stand alone: no include, import or extends.
RK606 e-mail without subject | The template of an e-mail has no subject in its front matter.
RK607 message without history | A win-back message that names nothing of the person's history.
RK608 bad front matter | The block between the dashes at the top of a template cannot be read.
RK609 value without its filter | An instant or an amount is printed as it is kept, or with the filter of another type.
RK610 link no message may carry | A link that begins with nothing a mail program can open, or that holds a block tag.
RK611 message that fails | Worded for somebody of whom everything is known, or nothing, the message fails.
RK612 long text message | More than two segments whatever its values, or longer than any provider takes.
RK801 channel without adapter | A step sends on a channel for which rekindle.yaml declares no adapter.
RK802 unknown adapter | No adapter of that name is installed.
RK803 bad option of an adapter | An option the adapter does not have, lacks, or cannot use.
RK804 adapter for other channels | The adapter does not carry the channel it is declared for.
"""


def _parse(line: str) -> Rule:
    code, rest = line.split(" ", 1)
    title, meaning = rest.split(" | ")
    return Rule(code, title, meaning)


RULES: dict[str, Rule] = {rule.code: rule for rule in map(_parse, _TABLE.strip().splitlines())}
