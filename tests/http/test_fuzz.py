"""What nobody would call, called by the service's own description: no answer is a failure of ours, and each is one
that the description tells of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import CHECKS

from channels import registry
from engine.http.limits import Allowance
from engine.http.service import service
from state.store import Store
from state.testing import database
from tests.http.building import Site, site
from tests.http.test_webhooks import SECRET

NAMES = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)


@pytest.fixture(scope="module", name="site")
def one_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """With nobody refused for the number of their calls, which would be the answer to all that follow."""
    with database("sqlite") as url:
        store = Store.open(url)
        with site(store, tmp_path_factory.mktemp("project")) as visited:
            options = {"url": "http://127.0.0.1:9/", "secret": SECRET, "receipts_secret": SECRET}
            host = registry.Host(now=visited.clock.now)
            visited.desk.app.channels["in_app"] = registry.build("webhook", options, host)
            visited.desk.strangers = visited.desk.forgers = visited.desk.calls = Allowance(10**9, 10**9)
            yield visited
        store.close()


def fuzz(site: Site, examples: int, *, always_the_same: bool) -> int:
    """Call every operation so often, by its description and against it; how many calls there were."""
    schema: Any = schemathesis.openapi.from_dict(service(site.desk).openapi())
    checks = CHECKS.get_by_names(list(NAMES))
    assert len(checks) == len(NAMES)
    (token,) = site.tokens()
    right = {
        "token": st.sampled_from([token, f"{token}x"]),
        "channel": st.sampled_from(["in_app", "email", "x"]),
    }
    calls = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        cases = st.one_of(*(operation.as_strategy(mode) for mode in schemathesis.GenerationMode))

        @settings(max_examples=examples, deadline=None, database=None, derandomize=always_the_same,
                  suppress_health_check=list(HealthCheck))  # fmt: skip
        @given(case=cases, known=st.booleans(), data=st.data())
        def call(case: Any, known: bool, data: st.DataObject) -> None:
            nonlocal calls
            if known:  # by itself it would hardly find somebody's link
                for name in case.path_parameters.keys() & right.keys():
                    case.path_parameters[name] = data.draw(right[name])
            answer = case.call(base_url=site.url, timeout=20)
            calls += 1
            case.validate_response(answer, checks=checks)

        call()
    return calls


def test_no_call_finds_a_failure_of_ours(site: Site) -> None:
    assert fuzz(site, 12, always_the_same=True) > 80


@pytest.mark.soak
def test_no_call_of_many_finds_a_failure_of_ours(site: Site) -> None:
    assert fuzz(site, 1_500, always_the_same=False) > 10_000
