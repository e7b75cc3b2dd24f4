"""The pages as people meet them: a real Chromium, on a desktop and a telephone, in the dark, without a mouse.

``REKINDLE_PICTURES=folder`` keeps what was seen.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from engine.advance import advance
from engine.dispatch import dispatch
from state.store import Store
from state.testing import database
from tests.engine.building import DAY, NOW
from tests.http.browser import chromium, faults, picture
from tests.http.building import Site, site

LOOKS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1200, "height": 800}},
    "phone": {"viewport": {"width": 320, "height": 640}, "device_scale_factor": 2, "is_mobile": True},
    "dark": {"viewport": {"width": 900, "height": 800}, "color_scheme": "dark"},
    "no_script": {"viewport": {"width": 900, "height": 800}, "java_script_enabled": False},
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(name="site")
def on_sqlite(tmp_path: Path) -> Iterator[Site]:
    """The browser sees no database: one is enough."""
    with database("sqlite") as url:
        store = Store.open(url)
        with site(store, tmp_path) as visited:
            yield visited
        store.close()


def opened(browser: Browser, look: str = "desktop", **more: Any) -> Page:
    """A page on which nothing that goes wrong goes unseen."""
    page = browser.new_context(**LOOKS[look], **more).new_page()
    page.on("console", lambda message: pytest.fail(f"the console says: {message.text}"))
    page.on("request", lambda request: _only_ours(request.url))
    return page


def _only_ours(url: str) -> None:
    assert url.startswith(("http://127.0.0.1:", "data:")), f"the page asks for {url}"


def press(page: Page, what: str) -> None:
    """Click, and wait for the page that comes of it."""
    with page.expect_navigation():
        page.click(what)


def fits(page: Page, name: str) -> None:
    """Nothing sticks out, nothing is squeezed."""
    if "REKINDLE_PICTURES" in os.environ:
        picture(page, Path(os.environ["REKINDLE_PICTURES"]), name)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
        f"{name} is wider than the window"
    )
    squeezed = (
        "[...document.querySelectorAll('label,button,h1,p')].some(e => e.clientHeight > 6 * e.clientWidth)"
    )
    assert not page.evaluate(squeezed), f"something on {name} is squeezed"


def seen(page: Page, name: str) -> None:
    """It fits, and nobody is kept out."""
    fits(page, name)
    assert faults(page) == [], name


@pytest.mark.parametrize("look", ["desktop", "phone", "dark"])
def test_every_page_is_for_everybody(look: str, browser: Browser, site: Site) -> None:
    (token,) = site.tokens()
    page = opened(browser, look)
    page.goto(f"{site.url}/u/{token}")
    seen(page, f"{look}-ask")
    press(page, "main button")
    seen(page, f"{look}-done")
    press(page, "text=Other choices")
    seen(page, f"{look}-preferences")
    page.check("input[name=often][value='30']")
    page.check("input[name=pause][value='60']")
    press(page, "text=Save")
    seen(page, f"{look}-saved")
    press(page, "text=Stop everything")
    seen(page, f"{look}-stopped")


def test_in_every_language_it_fits_on_a_small_telephone(browser: Browser, site: Site) -> None:
    (token,) = site.tokens()
    for locale in ("de-DE", "es-ES", "fr-FR", "it-IT", "nl-NL", "pt-PT"):
        page = opened(browser, "phone", locale=locale)
        for path in ("u", "p"):
            page.goto(f"{site.url}/{path}/{token}")
            fits(page, f"{locale}-{path}")


def test_without_javascript_one_click_suppresses_before_the_next_tick(browser: Browser, site: Site) -> None:
    """The next message is queued when the button is pressed, and does not leave."""
    site.clock.move_to(NOW + 2 * DAY)
    advance(site.worker, site.clock.now())
    page = opened(browser, "no_script")
    page.goto(f"{site.url}/u/{site.tokens()[0]}")
    assert site.ask("SELECT * FROM suppression") == []
    press(page, "main button")
    assert page.inner_text("h1") == "You are unsubscribed"
    dispatch(site.worker, site.clock.now())
    assert site.ask("SELECT state, reason FROM touch WHERE step = 'again'") == [("cancelled", "opted_out")]


def test_with_the_keyboard_alone(browser: Browser, site: Site) -> None:
    page = opened(browser)
    page.goto(f"{site.url}/u/{site.tokens()[0]}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Unsubscribe"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_selector("text=You are unsubscribed")
    page.keyboard.press("Tab")  # to undo
    page.keyboard.press("Tab")  # to the other choices
    page.keyboard.press("Enter")
    page.wait_for_selector("text=How often")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Your choices are saved")
    assert site.ask("SELECT at_most_every FROM preference") == [(30 * DAY,)]


def test_a_name_written_from_right_to_left_keeps_the_line_in_order(browser: Browser, site: Site) -> None:
    page = opened(browser)
    page.goto(f"{site.url}/u/{site.tokens()[0]}")
    assert page.evaluate("getComputedStyle(document.querySelector('h1 bdi')).unicodeBidi") == "isolate"
