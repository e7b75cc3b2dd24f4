"""A real browser: Chromium, the machine's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import Any

from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def executable() -> str:
    """Where Chromium is. Fails where there is none: that pages can be used is not taken on trust."""
    found = next((path for name in NAMES if (path := which(name))), None)
    assert found, "these tests look at the pages in Chromium: install it (Debian: apt-get install chromium)"
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser."""
    with sync_playwright() as playwright:
        options: dict[str, Any] = {"args": ["--no-sandbox", "--disable-dev-shm-usage"]}
        browser = playwright.chromium.launch(executable_path=executable(), **options)
        yield browser
        browser.close()


def faults(page: Page) -> list[str]:
    """What axe finds that keeps somebody out: serious and critical, by WCAG 2.2 AA."""
    found = Axe().run(
        page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    )
    return [f"{v['impact']}: {v['id']}: {v['nodes'][0]['html']}" for v in found["violations"]
            if v["impact"] in ("serious", "critical", "moderate")]  # fmt: skip


def picture(page: Page, folder: Path, name: str) -> None:
    """The whole page as it is seen."""
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png", full_page=True)
