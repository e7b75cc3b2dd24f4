"""A person's own page, for whoever helps them."""

from __future__ import annotations

from engine.app import App
from engine.errors import ConfigurationError
from engine.refs import person_ref


def page_of(app: App, identity: int) -> str:
    """The URL of a person's preference page. Raises ConfigurationError where no pages are declared."""
    http = app.environment.http
    if http is None:
        raise ConfigurationError(
            f"environment '{app.environment.name}' does not say where its pages are ({app.environment.source})",
            hint="Write there: http: {public_url: https://go.your-domain.example}",
        )
    return f"{http.public_url}/p/{app.signer.sign(person_ref(app.ref_key, identity))}"
