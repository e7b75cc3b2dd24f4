"""What a person's reply means. It over-triggers on purpose: a refusal missed is worse than one presumed
(compliance.md section 13, TCPA-09, TCPA-10). Pure; every language at once, for nobody says which they reply in.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class Meaning(StrEnum):
    """What a reply comes to."""

    REFUSAL = "refusal"  # they do not want this
    WRONG_PERSON = "wrong_person"  # the address has another owner now
    LEGAL = "legal"  # they speak of lawyers or regulators
    HELP = "help"  # they ask who we are
    AMBIGUOUS = "ambiguous"  # a stop word in a sentence that may mean something else: a human reads it
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Reading:
    """A reply, read. ``everywhere``: it is meant for every channel, not only the one it came by."""

    meaning: Meaning
    everywhere: bool = False

    @property
    def refuses(self) -> bool:
        """True when it ends contact at once."""
        return self.meaning in (Meaning.REFUSAL, Meaning.WRONG_PERSON, Meaning.LEGAL)


#: a message made of nothing else (spacing, case and punctuation aside) is a refusal; no human need look
_KEYWORDS = frozenset(
    """stop quit end revoke optout cancel unsubscribe stopall remove unsub unsubscribed optmeout removeme cease
    stopit stopnow desist halt spam
    stpo sotp tsop stp stopp stopped unsubcribe unsuscribe unsubscibe unsubsribe unsubscrib
    alto parar pare basta cancelar nomas baja borrar detener
    arret arreter arretez td desabonner desabonnement desinscrire desinscription
    abmelden abbestellen austragen aufhoren schluss
    sair descadastrar remover cancella rimuovi annulla""".split()
)
_HELP = frozenset("help info aide ayuda hilfe aiuto ajuda".split())
_COURTESY = frozenset(
    """please pls plz thanks thank you thx ty hi hello hey now immediately just all it this me already ok okay
    por favor gracias svp merci bitte danke""".split()
)

_LEGAL = (
    r"lawyers?|attorneys?|law ?suits?|(?:will|gonna|going to|ll|to) sue|suing|sue (?:you|your|u)"
    r"|legal action|tcpa|fcc"
    r"|ftc|gdpr|cease and desist|class action|small claims|data protection (?:officer|authority)"
    r"|avocat|abogado|anwalt|dsgvo|rgpd"
)
_WRONG = (
    r"wrong (?:number|person|guy|man|woman|email|e mail|address|contact|recipient)|not (?:me|him"
    r"|her) anymore"
    r"|(?:that|this) (?:is not|isn t|isnt|ain t|aint) (?:me|my)|(?:^|\bits |\bit s |\bim "
    r"|\bi m )not me$|new phone|new number"
    r"|you have the wrong|got the wrong|no longer (?:works?|working|employed|with|at|here)"
    r"|(?:doesn t|doesnt|does not) work (?:here|there) any ?more|numero equivocado|mauvais numero"
    r"|faux numero"
    r"|falsche (?:nummer|person|adresse)|numero sbagliato|numero errado"
)
_THINGS = (
    r"texts?|texting|messages?|messaging|msgs?|sms|e ?mails?|e ?mailing|mails?|mailing|mailings|calls?"
    r"|calling|contact"
    r"|contacting|sending|spamming|spam|bothering|bugging|writing|harassing|harassment|blowing up"
    r"|hitting|pestering|marketing"
    r"|newsletters?|ads|advertising|promos?|promotions?|offers|communications?|notifications?"
    r"|reaching out|following up"
)
_VERBS = (
    r"contact|text|message|msg|call|phone|e ?mail|mail|write|send|bother|spam|reach out|disturb|reply|ever"
)
_FREE = (
    rf"(?:stop|quit|cease|end|halt|enough|done)\b(?: \w+){{0,3}} (?:{_THINGS})\b",
    rf"no more(?: \w+){{0,2}} (?:{_THINGS})\b|^no more$|no mas (?:mensajes|correos|llamadas|sms)",
    rf"(?:do not|don t|dont|never|not|donot)(?: \w+)? (?:{_VERBS})(?: \w+)? (?:me|us|my|this|here"
    rf"|anything|again|any ?more)\b",
    rf"(?:do not|don t|dont|never) (?:{_VERBS})$",
    r"unsubscrib\w*|unsuscrib\w*|unsubcrib\w*|opt(?:ing|ed)? ?(?:me )?out\b|opt me out|take me off"
    r"|get me off"
    r"|remove (?:me|my|us|this)|delete (?:me|my|us)|(?:off|from) (?:of )?(?:your|the|this"
    r"|ur) (?:\w+ )?list",
    r"leave (?:me|us) (?:alone|be)|lose (?:my|this) number|forget (?:me|my)|go away|get lost|(?:fuck|f"
    r"|piss|bugger|buzz) off",
    r"not? (?:at all |really |longer )?interested|no interest|no thank(?:s| you)|not for (?:me|us)$"
    r"|we(?: a|)re good thanks",
    r"(?:do not|don t|dont) (?:want|wish|need)(?! to (?:miss|lose|stop))(?: \w+){0,4} (?:"
    + _THINGS
    + r"|hear|this|these"
    r"|receive|anything)\b",
    r"who gave you (?:my|this)|how did you get (?:my|this)|(?:i )?never (?:signed up|subscribed|asked"
    r"|consented|agreed|gave)"
    r"|revok\w+ (?:my )?consent|withdraw (?:my )?consent|this is (?:spam|harassment)|report(?:ed"
    r"|ing)? (?:you|this|as)|block(?:ed|ing) you",
    # es, pt
    r"no (?:me|nos) (?:envi\w+|escrib\w+|llam\w+|contact\w+|mand\w+|molest\w+)|dej(?:e|en|a"
    r"|ad) de (?:\w+)|no quiero (?:mas|recibir|que)"
    r"|(?:dar|den|de)(?:me)? de baja|no (?:me|estoy) interesa\w*|sin interes|nao (?:quero|me (?:envie"
    r"|ligue|mande))",
    # fr
    r"ne (?:m |me |nous )(?:contactez|appelez|ecrivez|envoyez|derangez)|plus de (?:sms|messages?"
    r"|mails?|mels?|courriels?|pub)"
    r"|arretez (?:de|vos|les|ces)|desabonne\w*|desinscri\w*|retirez moi|supprimez (?:moi|mon|mes)"
    r"|pas interess\w+",
    # de
    r"keine?n? (?:\w+ )?(?:werbung|nachrichten|mails|e mails|sms|anrufe|post|interesse)"
    r"|nicht mehr (?:\w+ )?(?:kontaktieren|anrufen|schreiben|anschreiben)"
    r"|(?:lassen sie|lasst|lass) (?:mich|uns) in ruhe|nicht interessiert|meld\w+ (?:mich|uns) ab"
    r"|aus (?:dem|ihrem) verteiler",
    # it
    r"non (?:mi|ci) (?:contattat\w*|chiamat\w*|scrivet\w*|inviat\w*|interessa)|cancellatemi|disiscri\w+",
)
_EVERYWHERE = (
    r"contact(?:ing)? (?:me|us|my)\b|leave (?:me|us) (?:alone|be)|lose (?:my|this) number|forget (?:me"
    r"|my)|delete (?:me|my|us)"
    r"|(?:all|any|every) (?:further |future |more )?(?:communications?|contact|marketing|channels?"
    r"|lists?)|no more contact"
    r"|revok\w+ (?:my )?consent|withdraw (?:my )?consent|kontaktieren|contactez|contact(?:en|ar|eis"
    r"|es)\b|in ruhe"
)
_SOFT = re.compile(
    r"\b(?:stop|stops|stopped|stopping|quit|cancel|cancelled|canceled|revoke|unsub\w*|opt|remove)\b"
    r"|^(?:no|nope|nah|nein|non)$"
)
#: said of something good, or of not stopping
_PRAISE = re.compile(
    r"\b(?:can t|cant|cannot|can not|could ?n t|couldnt|won t|wont|will not|never|don t|dont|do not"
    r"|please don t|didn t|didnt)"
    r" (?:ever )?(?:stop|quit|cancel|unsubscrib\w*|remove)\b(?! (?:texting|calling|emailing|sending"
    r"|messaging|contacting))"
    r"|\bnon ?stop\b"
)

_FREE_TEXT = re.compile("|".join(rf"(?:\b(?:{p}))" if not p.startswith("^") else p for p in _FREE))
_LEGAL_TEXT = re.compile(rf"\b(?:{_LEGAL})\b")
_WRONG_TEXT = re.compile(rf"(?:\b|^)(?:{_WRONG})\b|(?:^|\bits |\bit s |\bim |\bi m )not me$")
_EVERYWHERE_TEXT = re.compile(rf"\b(?:{_EVERYWHERE})")

#: where a mail program puts what we wrote, or a signature begins
_QUOTED = re.compile(
    r"^\s*(?:>|-{2,}\s*(?:original|forwarded|urspr|mensaje|message)|_{8,}|--\s*$|from:\s|von:\s"
    r"|de\s?:\s|sent from my )"
    r"|^\s*(?:on|am|le|el|il|em)\b.{6,}(?:wrote|schrieb|a écrit|escribió|ha scritto|escreveu)\b.*:\s*$",
    re.IGNORECASE,
)


def classify(text: str) -> Reading:
    """What a reply means, looking only at what the person wrote themselves, not at what they quote."""
    own = _own_words(text)
    if "\U0001f6d1" in own or "\u26d4" in own:  # a stop sign needs no words
        return Reading(Meaning.REFUSAL)
    words = _plain(own)
    tokens = words.split()
    if not tokens:
        return Reading(Meaning.NONE)
    if _LEGAL_TEXT.search(words):
        return Reading(Meaning.LEGAL, everywhere=True)
    if _WRONG_TEXT.search(words):
        return Reading(Meaning.WRONG_PERSON, everywhere=True)
    if _is_keyword(tokens):
        return Reading(Meaning.REFUSAL)
    unpraised = " ".join(_PRAISE.sub(" ", words).split())
    if _FREE_TEXT.search(unpraised):
        return Reading(Meaning.REFUSAL, everywhere=bool(_EVERYWHERE_TEXT.search(unpraised)))
    if "".join(tokens) in _HELP or (
        len(tokens) <= 3 and set(tokens) <= _HELP | _COURTESY and set(tokens) & _HELP
    ):
        return Reading(Meaning.HELP)
    return Reading(Meaning.AMBIGUOUS if _SOFT.search(unpraised) else Meaning.NONE)


def _own_words(text: str) -> str:
    kept = []
    for line in text.splitlines():
        if _QUOTED.match(line):
            break
        kept.append(line)
    return "\n".join(kept)


def _plain(text: str) -> str:
    """Lower case, no accents, no punctuation, single spaces."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(map(_letter, folded)).split())


def _letter(c: str) -> str:
    if c.isalnum():
        return c
    invisible = unicodedata.combining(c) or unicodedata.category(c) == "Cf"  # accents, zero-width characters
    return "" if invisible else " "


def _is_keyword(tokens: list[str]) -> bool:
    """All keywords and courtesies, or one keyword however it is spaced: ``Opt  Out``, ``s t o p``."""
    wanted = [t for t in tokens if t not in _COURTESY]
    if "".join(tokens) in _KEYWORDS or "".join(wanted) in _KEYWORDS:
        return True
    return bool(wanted) and all(t in _KEYWORDS for t in wanted)
