"""Every code a finding can have: its title and what it means in a line. docs/rules/ has a page for each.

A ``!`` marks a warning, which rekindle.yaml can raise to an error and a comment with a reason can waive. Errors
cannot be waived: what breaks a file, a consent or a promise has no exception.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine import suggest
from engine.diagnostics import Severity

#: what the first digit says
FAMILIES = {
    "1": "syntax and schema",
    "2": "references",
    "3": "audience",
    "4": "timing",
    "5": "consent and law",
    "6": "content",
    "7": "experiments",
    "8": "channel capability",
    "9": "operations",
}

#: codes that once meant something and will never mean anything else
RETIRED = frozenset({"RK103"})


_LOOK_ALIKE = str.maketrans("OIL", "011")


@dataclass(frozen=True, slots=True)
class Rule:
    """A numbered rule."""

    code: str
    title: str
    meaning: str
    severity: Severity

    @property
    def family(self) -> str:
        """What it is about."""
        return FAMILIES[self.code[2]]

    @property
    def waivable(self) -> bool:
        """Can a comment with a reason waive it? Never an error, and nothing of consent and law."""
        return self.severity is Severity.WARNING and self.code[2] not in "15"


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
RK130 bad waiver | A waiver names a rule and a reason, and only a lint rule can be waived.
RK131! unused waiver | Nothing is found where the waiver stands, so it may hide a fault of tomorrow.
RK201 unknown segment | segments.yaml declares no such segment.
RK202 unknown template | There is no such file in templates/.
RK203 unknown offer | incentives.yaml declares no such offer.
RK204 unknown step | No step of that name where it is looked for.
RK205 unknown cohort | The campaign declares no such cohort.
RK206 unknown campaign | No campaign of that name, or it is the campaign itself.
RK207 unknown reason | A test expects a reason no gate gives and no round ends with.
RK208 id and file name differ | A campaign's id is its file's name without .yaml.
RK209 duplicate name | Two things of a kind have the same name, or a name rekindle keeps for itself.
RK210 unknown event | people.events declares no such event, and it is none of rekindle's own.
RK211! event that looks misspelt | One of rekindle's own events, or another of the project, is almost called so.
RK212 unknown rule | The lint settings name a rule that is not there, or make it milder.
RK213! event data that no source brings | Sources say what their events carry, and this is not among it.
RK214 unknown signatory | rekindle.yaml declares no such person under brand.signatories.
RK301 unknown field | No such field of a person.
RK302 undeclared attribute | rekindle.yaml does not declare that attribute under people.attributes.
RK303 unknown comparison | No such comparison in a predicate.
RK304 comparison that does not fit | The field's type cannot be compared like that.
RK305 value that does not fit | The field's type is not the value's.
RK306 nobody left | Everyone is taken by what stands above.
RK307 value outside its list | What the field can hold is a closed list, and this is not in it.
RK308! audience that nobody is in | No person can be in the segment and fit the audience's where.
RK309! unbounded audience | Somebody of whom nothing is known but an address would enter.
RK310! segments that overlap | A person fits both; the first takes them, and the order decides.
RK311! segment that nobody uses | No campaign's audience names it.
RK312! cohort that nobody is in | The cohorts above it, or the audience, leave nobody for it.
RK313! cohort that gets nothing | No step is for it: whoever is in it is enrolled and never hears a word.
RK401 time goes backwards | Steps stand in the order of their time; `at` counts from entry.
RK402 backward jump | A branch may only go on to a later step.
RK403 window never opens | The step's hours lie wholly in the quiet hours of its channel.
RK404 branch never taken | A way on stands below the `else`.
RK405 quiet hours by day | Quiet hours must span the night, so that one window of the day is left open.
RK406! goal measured too early | Steps come due after the time in which the goal is counted.
RK407! entered again too early | The rest after a round is shorter than the round, or there is none.
RK408! conditions that contradict | One line takes back what another says, so it does nothing.
RK501 loosened consent | A campaign may ask for more consent than the policy, never for less.
RK502! consent without proof | Written consent is imported without a column for its proof.
RK503 sending without a key | An environment that really sends needs a key to sign unsubscribe links with.
RK504 response deadline outside its band | A letter leaves its reader too little time, or so much that nothing is asked.
RK505 letter that nobody signs | A letter has the signature of a named person; its step says whose.
RK506 signatory that is no person | A department or a company cannot sign; a letter is a human being's.
RK601 template syntax | Jinja cannot read the template.
RK602 unknown name in a template | The template names something no message has.
RK603 unknown filter | No such filter or test in templates.
RK604 name not available here | It exists, but not for the step that sends the template, or not in its offer.
RK605 template draws in a file | Templates stand alone: no include, import or extends.
RK606 e-mail without subject | The template of an e-mail has no subject in its front matter.
RK607! message without history | A win-back message that names nothing of the person's history.
RK608 bad front matter | The block between the dashes at the top of a template cannot be read.
RK609 value without its filter | An instant or an amount is printed as it is kept, or with the filter of another type.
RK610 link no message may carry | A link that begins with nothing a mail program can open, or that holds a block tag.
RK611 message that fails | Worded for somebody of whom everything is known, or nothing, the message fails.
RK612 text message too long | Longer than any provider takes, whatever its values.
RK613! not exactly one call to action | A message asks for one thing: none is a monologue, two are a menu.
RK614! hard to read | The reading grade is above the one that policy.reading_grade declares.
RK615! legalese | Words of a contract in a message to a person.
RK616! wording that spam filters look for | Words and typography that mailbox providers count against a sender.
RK617! text message over its budget | More parts than policy.text_parts allows, and why.
RK618! e-mail without preheader | Beside the subject the mailbox shows the first words of the body.
RK619! image without alternative text | Whoever does not see the picture learns nothing of it.
RK620! link without tags | A visit by this link cannot be told from any other.
RK621! false urgency | The words press for haste, and no offer of the step ends.
RK622! discount above 15 % | To a business a deeper discount says that the price was wrong.
RK623! remedy below 10 % of the contract | An apology that costs nothing reads as one.
RK624! placeholder left in the words | What holds a place in another tool, or in a draft, would go out as it is.
RK625! link that is none | Written so that Markdown makes no link of it, it is read as it is typed.
RK626! offer that its message never names | The step makes an offer, and its message says nothing of it.
RK627! words that contradict the offer | The percentage in the words is not the one that the offer declares.
RK701! holdout without goal | People are kept back, and nothing says what would be compared.
RK702! holdout above half | More people get nothing than get the campaign.
RK703! variants that are the same | The templates say the same, so nothing can be learnt.
RK704! variants without goal | Messages are varied, and nothing says which did better.
RK705! expectation out of reach | Campaigns of this kind do not reach such a share.
RK801 channel without adapter | A step sends on a channel for which rekindle.yaml declares no adapter.
RK802 unknown adapter | No adapter of that name is installed.
RK803 bad option of an adapter | An option the adapter does not have, lacks, or cannot use.
RK804 adapter for other channels | The adapter does not carry the channel it is declared for.
RK805! channel that reaches nobody | The environment sends, and this channel only writes files.
RK806! what the channel cannot carry | The template has a part that its channel leaves out.
RK901! campaign without tests | No file in tests/ says what it should do.
RK902! campaign without goal | Nothing says what counts as success.
RK903! reply that ends nothing | The cadence goes on although the person has answered.
RK904! channel without rate | The environment sends as fast as it can, and a provider may refuse.
RK905! field that no source fills | A condition or a message needs it, so it holds for nobody.
RK906! consent that no source states | The channel asks for a consent that nobody can have.
RK907! column that the file lacks | The source's file is there, and has no column of that name.
RK908! sending without a way back | An environment that sends needs the pages and webhooks by which people say no.
"""


def _parse(line: str) -> Rule:
    code, rest = line.split(" ", 1)
    title, meaning = rest.split(" | ")
    severity = Severity.WARNING if code.endswith("!") else Severity.ERROR
    return Rule(code.removesuffix("!"), title, meaning, severity)


RULES: dict[str, Rule] = {rule.code: rule for rule in map(_parse, _TABLE.strip().splitlines())}


def did_you_mean(word: str) -> str:
    """The mend of a code that is none; empty when none comes near. Letters pass for the digits they look like."""
    return suggest.mend(word.upper().translate(_LOOK_ALIKE), RULES)
