"""One click says no and nothing else does: a real server on real databases, with the real engine behind it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from fastapi import Request

from engine.advance import advance
from engine.dispatch import dispatch
from engine.http.link import page_of
from engine.http.pages import Page
from engine.jobs import run_refresh
from engine.people.erase import erase
from tests.engine.building import DAY, NOW
from tests.http.building import Site

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def state(site: Site) -> list[object]:
    """All that a click could change."""
    return [
        site.ask(f"SELECT * FROM {table}")
        for table in (
            "suppression",
            "address_suppression",
            "consent",
            "event",
            "preference",
            "enrolment",
            "touch",
        )
    ]


def test_looking_changes_nothing(site: Site) -> None:
    (token,) = site.tokens()
    before = state(site)
    page = site.client.get(f"/u/{token}")
    assert (page.status_code, site.client.head(f"/u/{token}").status_code) == (200, 200)
    assert '<form method="post">' in page.text
    assert site.client.get(f"/p/{token}").status_code == 200
    assert state(site) == before


@pytest.mark.parametrize("body", ["urlencoded", "multipart", "bare", "nonsense"])
def test_a_post_says_no_at_once_whatever_is_in_it(body: str, site: Site) -> None:
    (token,) = site.tokens()
    sent = {
        "urlencoded": {"content": "List-Unsubscribe=One-Click",
                       "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        "multipart": {"files": {"List-Unsubscribe": (None, "One-Click")}},
        "bare": {},
        "nonsense": {"content": b"--x\r\n\xff", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
    }[body]  # fmt: skip
    answer = site.client.post(f"/u/{token}", follow_redirects=False, **sent)  # type: ignore[arg-type]
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert site.ask("SELECT channel, reason, source FROM suppression") == [
        ("email", "opt_out", "event:pages")
    ]
    assert site.ask("SELECT address FROM address_suppression") == [("user-1@example.com",)]
    assert site.ask("SELECT channel, type FROM consent") == [("email", "revoked")]


def test_twice_is_once_and_a_look_afterwards_says_that_it_is_done(site: Site) -> None:
    (token,) = site.tokens()
    site.client.post(f"/u/{token}", data=ONE_CLICK)
    after = state(site)
    assert site.client.post(f"/u/{token}", data=ONE_CLICK).status_code == 200
    assert state(site) == after
    assert "You are unsubscribed" in site.client.get(f"/u/{token}").text


def test_fifty_at_once_are_one(site: Site) -> None:
    (token,) = site.tokens()
    with ThreadPoolExecutor(50) as many:
        answers = list(
            many.map(lambda _: site.client.post(f"/u/{token}", data=ONE_CLICK).status_code, range(50))
        )
    assert answers == [200] * 50
    assert site.ask("SELECT count(*) FROM suppression") == [(1,)]
    assert site.ask("SELECT count(*) FROM event WHERE name = 'unsubscribed'") == [(1,)]


def test_what_is_queued_is_cancelled_before_it_leaves(site: Site) -> None:
    (token,) = site.tokens()
    site.clock.move_to(NOW + 2 * DAY)
    advance(site.worker, site.clock.now())
    assert site.ask("SELECT step, state FROM touch ORDER BY step") == [("again", "queued"), ("hello", "sent")]
    site.client.post(f"/u/{token}", data=ONE_CLICK)
    dispatch(site.worker, site.clock.now())
    assert site.ask("SELECT state FROM touch WHERE step = 'again'") == [("cancelled",)]
    site.turn()
    assert site.ask("SELECT state, reason FROM enrolment") == [("ended", "opted_out")]


def test_a_link_outlives_the_campaign_and_its_version(site: Site) -> None:
    (token,) = site.tokens()
    site.desk.app.project.campaigns.pop("back")  # type: ignore[attr-defined]
    site.change("DELETE FROM campaign_version")
    site.clock.move_to(NOW + 3_000 * DAY)
    assert "Unsubscribe from" in site.client.get(f"/u/{token}").text
    assert site.client.post(f"/u/{token}", data=ONE_CLICK).status_code == 200
    assert site.ask("SELECT channel FROM suppression") == [("email",)]


def test_to_an_erased_person_it_still_says_done(site: Site) -> None:
    (token,) = site.tokens()
    erase(site.worker.store, 1, site.clock)
    for answer in (site.client.get(f"/u/{token}"), site.client.post(f"/u/{token}", data=ONE_CLICK)):
        assert answer.status_code == 200
        assert "You are unsubscribed" in answer.text
        assert 'value="back"' not in answer.text
    assert "holds no data about you" in site.client.get(f"/p/{token}").text


def test_after_a_merge_the_link_speaks_for_who_they_are_now(site: Site) -> None:
    (token,) = site.tokens()
    site.change("INSERT INTO person (identity_id, created_at, updated_at, attributes) VALUES (9, 1, 1, '{}')")
    site.change("UPDATE person SET merged_into = 9 WHERE identity_id = 1")
    site.client.post(f"/u/{token}", data=ONE_CLICK)
    assert site.ask("SELECT identity_id FROM suppression") == [(9,)]


def test_a_wrong_link_is_told_how_to_opt_out_all_the_same(site: Site) -> None:
    (token,) = site.tokens()
    for wrong in (
        f"{token}x",
        token[:-3],
        f"{'0' * 32}.{token.split('.')[1]}",
        "%00",
        "%F0%9F%92%A9",
        "p%3D.x",
    ):
        for answer in (site.client.get(f"/u/{wrong}"), site.client.post(f"/u/{wrong}", data=ONE_CLICK)):
            assert answer.status_code == 404
            assert "hello@small.example" in answer.text
    assert site.client.post("/u/").status_code == 404
    assert site.ask("SELECT * FROM suppression") == []


def test_a_signed_link_of_nobody_is_a_wrong_one(site: Site) -> None:
    token = site.worker.signer.sign("f" * 32)
    assert site.client.post(f"/u/{token}", data=ONE_CLICK).status_code == 404


def test_who_guesses_links_has_to_wait_and_who_has_one_does_not(site: Site) -> None:
    (token,) = site.tokens()
    answers = [site.client.get(f"/u/guess{n}").status_code for n in range(70)]
    assert answers[:60] == [404] * 60
    assert 429 in answers
    assert int(site.client.get("/u/guess").headers["Retry-After"]) > 0
    assert site.client.post(f"/u/{token}", data=ONE_CLICK).status_code == 200


# ── taking it back ────────────────────────────────────────────────────────────────────────────────────


def test_a_mistake_is_taken_back_with_a_consent_that_has_its_proof(site: Site) -> None:
    (token,) = site.tokens()
    site.client.post(f"/u/{token}", data=ONE_CLICK)
    answer = site.client.post(f"/u/{token}", data={"do": "back"})
    assert 'value="back"' in answer.text  # on a tie a no holds
    site.clock.move_to(NOW + 1)
    answer = site.client.post(f"/u/{token}", data={"do": "back"})
    assert "may write to you again" in answer.text
    assert site.ask("SELECT * FROM suppression") == site.ask("SELECT * FROM address_suppression") == []
    (revoked, given) = site.ask("SELECT type, proof_uri, at FROM consent ORDER BY at")
    assert (revoked[0], given[0]) == ("revoked", "implied")  # there was none before
    ((key,),) = site.ask("SELECT key FROM event WHERE name = 'opted_in'")
    assert given[1] == f"event:pages/{key}"
    assert (revoked[2], given[2]) == (NOW, NOW + 1)


def test_only_the_link_that_said_it_takes_it_back_and_only_for_a_day(site: Site) -> None:
    (token,) = site.tokens()
    site.client.post(f"/u/{token}", data=ONE_CLICK)
    site.clock.move_to(NOW + 60)
    other = page_of(site.worker, 1).rpartition("/")[2]
    assert 'value="back"' not in site.client.get(f"/u/{other}").text
    assert "We cannot undo that here" in site.client.post(f"/u/{other}", data={"do": "back"}).text
    site.clock.move_to(NOW + DAY + 1)
    assert 'value="back"' not in site.client.get(f"/u/{token}").text
    site.client.post(f"/u/{token}", data={"do": "back"})
    assert site.ask("SELECT channel FROM suppression") == [("email",)]


def test_a_link_that_came_by_text_does_not_open_texts_again(site: Site) -> None:
    (token,) = site.tokens()
    site.change("UPDATE touch SET channel = 'sms'")
    assert 'value="back"' not in site.client.post(f"/u/{token}", data=ONE_CLICK).text
    site.clock.move_to(NOW + 60)
    site.client.post(f"/u/{token}", data={"do": "back"})
    assert site.ask("SELECT channel FROM suppression ORDER BY channel") == [("phone",), ("sms",)]


def test_after_taking_it_back_no_means_no_again(site: Site) -> None:
    """A key that names the link alone would have made the second no a repetition of the first."""
    (token,) = site.tokens()
    for n, data in enumerate((ONE_CLICK, {"do": "back"}, ONE_CLICK)):
        site.clock.move_to(NOW + n)
        assert site.client.post(f"/u/{token}", data=data).status_code == 200
    assert site.ask("SELECT channel FROM suppression") == [("email",)]
    assert site.ask("SELECT count(*) FROM event WHERE name = 'unsubscribed'") == [(2,)]


def test_a_no_said_elsewhere_is_not_taken_back_here(site: Site) -> None:
    (token,) = site.tokens()
    site.change(f"INSERT INTO suppression VALUES (1, 'email', 'opt_out', {NOW}, 'crm', NULL)")
    assert 'value="back"' not in site.client.get(f"/u/{token}").text
    assert "We cannot undo that here" in site.client.post(f"/u/{token}", data={"do": "back"}).text
    assert site.ask("SELECT source FROM suppression") == [("crm",)]


def test_taking_back_what_nobody_said_changes_nothing(site: Site) -> None:
    (token,) = site.tokens()
    before = state(site)
    assert site.client.post(f"/u/{token}", data={"do": "back"}).status_code == 200
    assert state(site) == before


def test_an_address_that_somebody_else_also_closed_stays_closed(site: Site) -> None:
    (token,) = site.tokens()
    site.client.post(f"/u/{token}", data=ONE_CLICK)
    row = "('crm', 'C2', 2, 'user-1@example.com', '', 1, 1)"
    site.change("INSERT INTO contact (source, source_key, identity_id, email_key, row_hash, first_seen_at,"
                         f" last_seen_at) VALUES {row}")  # fmt: skip
    site.change(f"INSERT INTO suppression VALUES (2, 'email', 'opt_out', {NOW}, 'crm', NULL)")
    site.clock.move_to(NOW + 60)
    site.client.post(f"/u/{token}", data={"do": "back"})
    assert site.ask("SELECT identity_id FROM suppression") == [(2,)]
    assert site.ask("SELECT address FROM address_suppression") == [("user-1@example.com",)]


# ── whom it speaks to ─────────────────────────────────────────────────────────────────────────────────


SPOKEN = (
    (None, None, "en"), (None, "de-AT,de;q=0.9,en;q=0.8", "de"), ("fr", "de", "fr"), ("pt-BR", None, "pt"),
    ("xx", "ar, nl;q=0.5", "nl"), ("ar", None, "en"), (None, ";;;q=x,,", "en"), (None, "it;q=0", "en"),
)  # fmt: skip


def test_it_speaks_the_persons_language(site: Site) -> None:
    (token,) = site.tokens()
    for own, accepted, shown in SPOKEN:
        site.change("UPDATE person SET language = :own", own=own)
        page = site.client.get(f"/u/{token}", headers={"Accept-Language": accepted or ""})
        assert f'<html lang="{shown}"' in page.text
        assert page.headers["Content-Language"] == shown


def test_what_the_pages_forbid(site: Site) -> None:
    (token,) = site.tokens()
    for answer in (site.client.get(f"/u/{token}"), site.client.get("/nowhere"), site.client.post("/u/x")):
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert "server" not in answer.headers


def test_a_brand_is_text_in_the_title_too(site: Site) -> None:
    brand = replace(site.desk.brand, name="A&B </title><img src=x>")
    page = bytes(
        Page(brand, Request({"type": "http", "headers": []}))("ask", channel="email", token="t").body
    )
    title = page.decode().partition("<title>")[2].partition("</title>")[0]
    assert "A&amp;B" in title
    assert b"<img" not in page


def test_a_host_header_leads_nowhere(site: Site) -> None:
    (token,) = site.tokens()
    page = site.client.get(
        f"/u/{token}", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    )
    assert page.status_code == 200
    assert "evil" not in page.text


def test_who_is_new_to_us_has_a_page_of_their_own(site: Site) -> None:
    """``rekindle people link``: a link without a message."""
    url = page_of(site.worker, 1)
    path = url.removeprefix("https://go.small.example")
    assert site.client.get(path).status_code == 200
    assert site.client.post(path.replace("/p/", "/u/"), data=ONE_CLICK).status_code == 200
    assert site.ask("SELECT channel FROM suppression") == [("email",)]


def test_links_of_a_tick_that_is_yet_to_come_work_too(site: Site) -> None:
    """A token is known from the moment its touch is: the message may be read before anything else is committed."""
    site.clock.move_to(NOW + 2 * DAY)
    run_refresh(site.worker, site.clock.now())
    advance(site.worker, site.clock.now())
    assert [site.client.get(f"/u/{token}").status_code for token in site.tokens()] == [200, 200]
