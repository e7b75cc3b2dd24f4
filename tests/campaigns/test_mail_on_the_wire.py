"""The shipped campaigns' e-mails as a real mail server gets them from the real command: signed, sound, readable."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as rfc
from pathlib import Path

import dkim
import pytest
from axe_core_python.sync_playwright import Axe
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from playwright.sync_api import sync_playwright

from channels import mime
from channels.return_path import marks
from channels.testing import email
from engine.app import open_app
from engine.clock import SystemClock
from tests.campaigns.mail_lint import faults, page_faults
from tests.channels.mail_server import Handler, mail_server
from tests.channels.name_server import Ask, name_server
from tests.channels.test_dkim import pem, record
from tests.cli.world import command

ROOT = Path(__file__).resolve().parents[2]
CAMPAIGNS = {"churned", "closed_lost", "no_show", "stalled"}
KEY = generate_private_key(65_537, 2_048)


@dataclass(frozen=True, slots=True)
class Post:
    """What arrived, as it came, and the project that sent it."""

    mails: list[bytes]
    senders: list[str]
    recipients: list[str]
    connections: int
    project: Path

    @property
    def read(self) -> list[EmailMessage]:
        found = [message_from_bytes(mail, policy=rfc) for mail in self.mails]
        return [mail for mail in found if isinstance(mail, EmailMessage)]


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Post:
    """A few hundred of the sample's people over 45 virtual days, by the command, to a server that speaks SMTP."""
    project = tmp_path_factory.mktemp("wire") / "campaigns"
    shutil.copytree(ROOT / "campaigns", project, ignore=shutil.ignore_patterns("var"))
    people = project / "data" / "people.csv"
    head, *rows = people.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    people.write_text("".join([head, *rows[::12]]), encoding="utf-8")
    handler = Handler(pipelining=True)
    with mail_server(handler) as port:
        declared = (
            f"email: {{adapter: smtp, host: 127.0.0.1, port: {port}, security: none, dkim_domain: larkfield.example, "
            "dkim_selector: rk1, dkim_key: {env: DKIM_KEY}, return_path: bounces@go.larkfield.example}"
        )
        file = project / "rekindle.yaml"
        text = file.read_text(encoding="utf-8")
        changed = re.sub(r"(?m)^  email: \{adapter: file.*\}$", f"  {declared}", text, count=1)
        assert changed != text
        file.write_text(changed, encoding="utf-8")
        words = [
            "--project",
            str(project),
            "run",
            "--virtual",
            "--from",
            "2026-03-02T15:00:00Z",
            "--until",
            "45d",
        ]
        env = {**os.environ, "DKIM_KEY": b64encode(pem(KEY).encode()).decode()}
        done = subprocess.run(
            [*command(), *words], capture_output=True, text=True, env=env, timeout=300, check=False
        )
    assert done.returncode == 0, done.stderr
    return Post(handler.mails, handler.senders, handler.recipients, handler.connections, project)


@pytest.fixture(scope="module")
def keys() -> Iterator[Ask]:
    with name_server({"rk1._domainkey.larkfield.example": record(KEY)}) as ask:
        yield ask


def _campaign(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"utm_campaign=(\w+)", body.get_content())
    return found[1] if found else ""


def test_mails_of_all_four_campaigns_arrive_over_one_connection(post: Post) -> None:
    assert {_campaign(mail) for mail in post.read} >= CAMPAIGNS
    assert post.connections == 1
    assert [str(mail["To"].addresses[0].addr_spec) for mail in post.read] == post.recipients


def test_every_signature_verifies_and_covers_the_way_out(post: Post, keys: Ask) -> None:
    """RFC 8058, 4: both headers, once each, under a signature of the From's domain."""
    for data, mail in zip(post.mails, post.read, strict=True):
        assert dkim.verify(data, dnsfunc=keys)
        tags = dict(tag.strip().split("=", 1) for tag in str(mail["DKIM-Signature"]).split(";"))
        named = re.sub(r"\s", "", tags["h"]).split(":")
        assert tags["d"] == mail["From"].addresses[0].domain
        for name in ("list-unsubscribe", "list-unsubscribe-post"):
            assert named.count(name) == 2
            assert len(mail.get_all(name)) == 1
        assert re.fullmatch(r"<https://[^<>\s]+>", mail["List-Unsubscribe"])
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_without_the_way_out_no_signature_is_left(post: Post, keys: Ask) -> None:
    for name in (b"List-Unsubscribe: ", b"List-Unsubscribe-Post: ", b"Subject: ", b"Reply-To: "):
        cut = re.sub(rb"(?m)^%b[^\r]*\r\n(?:[ \t][^\r]*\r\n)*" % name, b"", post.mails[0])
        assert len(cut) < len(post.mails[0])
        assert not dkim.verify(cut, dnsfunc=keys)


def test_each_return_path_names_its_message_and_proves_it(post: Post) -> None:
    with open_app(post.project, clock=SystemClock(), tolerant=True) as app:
        for sender, mail in zip(post.senders, post.read, strict=True):
            ref = str(mail["Message-ID"]).strip("<>").partition("@")[0]
            assert {app.return_marks.read(mark) for mark in marks(sender)} - {None} == {ref}
            assert app.return_marks.read(str(mail["X-Rekindle-Ref"])) == ref


def test_no_filter_and_no_reader_has_anything_against_them(post: Post) -> None:
    found = [(_campaign(mail), faults(data)) for data, mail in zip(post.mails, post.read, strict=True)]
    assert len(found) > 50
    assert [(campaign, wrong) for campaign, wrong in found if wrong] == []


def test_names_in_every_script_arrive_as_they_are(post: Post) -> None:
    names = {str(mail["To"].addresses[0].display_name) for mail in post.read}
    assert any(not name.isascii() for name in names)
    with (post.project / "data" / "people.csv").open(encoding="utf-8") as file:
        known = file.read()
    assert all(all(part in known for part in name.split()) for name in names)


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        (
            "<html><body><table><tr><td>x</td></tr></table>",
            "wcag:1.3.1 a table for layout says that it holds data",
        ),
        ("<html><body><img src='https://a.example/x.png'>", "wcag:1.1.1 a picture without words"),
        ("<html><body><form></form>", "active:form"),
        ("<html><body><a href='https://a.example'>https://b.example</a>", "SPOOFED_URL"),
        ("<html><body><a href='https://192.0.2.1/x'>See</a>", "NUMERIC_HTTP_ADDR"),
        ("<html><body><p style='font-size:2px'>x</p>", "HTML_FONT_SIZE_TINY"),
        ("<html><body><h1>a</h1><h1>b</h1>", "wcag:1.3.1 headings out of order"),
        ("<html><body>x", "wcag:3.1.1 no language"),
    ],
)
def test_the_lint_sees_what_it_is_there_for(html: str, fault: str) -> None:
    assert fault in page_faults(html)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (b"Subject: It is here", b"Subject: IT IS HERE NOW, TODAY", "SUBJ_ALL_CAPS"),
        (b"Subject: It", b"Subject: Re: It", "gmail:false reply"),
        (b"Subject: It", b"Subject: It!! ", "PLING_QUERY"),
        (b"Date: ", b"X-Date: ", "MISSING_DATE"),
        (b"Message-ID: <ref-1@acme.example>", b"Message-ID: ref-1", "INVALID_MSGID"),
        (b"MIME-Version", b"Subject: x\r\nMIME-Version", "rfc:subject twice"),
        (b"u/token\r\n", b"u/elsewhere\r\n", "rfc:the parts lead elsewhere"),
        (b"<p>", b"<img width=3D1 alt=3Dx src=3Dx><p>", "a pixel that counts readers"),
        (b"<p>", b"<p>" + b"<b></b>" * 20_000, "gmail:clipped"),
    ],
)
def test_and_in_a_whole_mail(old: bytes, new: bytes, fault: str) -> None:
    text = "Hello Sam, these words stand in both parts of the mail, plainly and twice over, for whoever reads it.\n"
    base = email()
    data = mime.to_bytes(email(text=text + base.text, html=f"<p>{text}</p>{base.html}"), 1_772_463_600)
    assert old in data
    assert fault not in faults(data)
    assert fault in faults(data.replace(old, new))


def test_and_between_its_parts() -> None:
    base = email()
    data = mime.to_bytes(email(text=f"Quite other words here. {base.text}"), 1)
    assert "MPART_ALT_DIFF" in faults(data)


@pytest.fixture(scope="module")
def pages(post: Post) -> list[str]:
    """The HTML of one mail for each subject's shape: each template is there, few of them twice."""
    chosen: dict[str, str] = {}
    for mail in post.read:
        body = mail.get_body(("html",))
        assert body is not None
        html = body.get_content()
        found = re.search(r"utm_campaign=(\w+)[^\"']*?utm_content=(\w+)", html)
        chosen[found[0] if found else ""] = html
    return list(chosen.values())


def test_axe_finds_no_serious_fault_in_a_real_browser(pages: list[str]) -> None:
    """In light and in dark. Where Chromium is not installed: apt-get install chromium."""
    assert len(pages) >= 8
    wrong = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        for scheme in ("light", "dark"):
            page = browser.new_page(color_scheme=scheme, viewport={"width": 640, "height": 900})
            for html in pages:
                page.set_content(html)
                found = Axe().run(page)["violations"]
                wrong += [(v["id"], scheme, v["nodes"][0]["html"]) for v in found if v["impact"] in _SERIOUS]
        browser.close()
    assert wrong == []


_SERIOUS = ("serious", "critical")
