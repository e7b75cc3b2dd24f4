"""The words of answers that are no marketing, by language. Pure.

They say who writes, what was heard, and no more: an offer in them would make them marketing (compliance T15).
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.model import Brand

#: kind of notice -> its words, in one text message of 160 characters with a brand of ordinary length
Words = Mapping[str, str]

_EN: Words = {
    "opt_out": "{brand}: You are opted out and will get no more texts from us.",
    "opt_in": "{brand}: Your STOP no longer holds; we text you where you have agreed to it. "
    "Msg frequency varies, msg & data rates may apply."
    " HELP for help, STOP to opt out.",
    "help": "{brand}: For help write to {contact}. Msg & data rates may apply. Reply STOP to opt out.",
}
_ES: Words = {
    "opt_out": "{brand}: Se ha dado de baja y no recibirá más mensajes nuestros.",
    "opt_in": "{brand}: Su STOP ya no vale; le escribimos si ha dado su acuerdo. "
    "La frecuencia varía y pueden aplicarse tarifas."
    " HELP para ayuda, STOP para darse de baja.",
    "help": "{brand}: Para ayuda escriba a {contact}. Pueden aplicarse tarifas. Responda STOP para darse de baja.",
}
_FR: Words = {
    "opt_out": "{brand} : vous êtes désinscrit et ne recevrez plus de SMS de notre part.",
    "opt_in": "{brand} : votre STOP ne vaut plus ; nous écrivons à qui l'a accepté. Des frais peuvent s'appliquer."
    " HELP pour de l'aide, STOP pour ne plus en recevoir.",
    "help": "{brand} : pour de l'aide, écrivez à {contact}. Répondez STOP pour ne plus recevoir de SMS.",
}
_DE: Words = {
    "opt_out": "{brand}: Sie sind abgemeldet und bekommen keine SMS mehr von uns.",
    "opt_in": "{brand}: Ihr STOP gilt nicht mehr; SMS gibt es, wenn Sie zugestimmt haben. "
    "HELP hilft weiter, STOP meldet Sie ab.",
    "help": "{brand}: Bei Fragen schreiben Sie an {contact}. Mit STOP melden Sie sich ab.",
}
_IT: Words = {
    "opt_out": "{brand}: La tua iscrizione è annullata, non riceverai altri SMS da noi.",
    "opt_in": "{brand}: Il Suo STOP non vale più; scriviamo a chi ha acconsentito. "
    "HELP per assistenza, STOP per annullare.",
    "help": "{brand}: Per assistenza scrivi a {contact}. Rispondi STOP per annullare.",
}
_PT: Words = {
    "opt_out": "{brand}: A sua inscrição foi cancelada e não receberá mais SMS nossos.",
    "opt_in": "{brand}: O seu STOP já não vale; escrevemos a quem concordou. HELP para ajuda, STOP para cancelar.",
    "help": "{brand}: Para ajuda escreva para {contact}. Responda STOP para cancelar.",
}
_NL: Words = {
    "opt_out": "{brand}: U bent afgemeld en krijgt geen sms meer van ons.",
    "opt_in": "{brand}: Uw STOP geldt niet meer; u krijgt sms als u daarmee hebt ingestemd. "
    "HELP voor hulp, STOP om af te melden.",
    "help": "{brand}: Voor hulp schrijft u naar {contact}. Antwoord STOP om af te melden.",
}

#: ISO 639-1 -> words
LANGUAGES: Mapping[str, Words] = {"en": _EN, "es": _ES, "fr": _FR, "de": _DE, "it": _IT, "pt": _PT, "nl": _NL}


def words(brand: Brand, kind: str, language: str | None) -> str:
    """What a notice says, in the person's language where there are words in it, else in English."""
    known = LANGUAGES.get((language or "en").replace("_", "-").partition("-")[0].lower(), _EN)
    return known[kind].format(brand=brand.name, contact=brand.reply_to)
