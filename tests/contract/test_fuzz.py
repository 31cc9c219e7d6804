"""Whatever the OpenAPI document allows or forbids: no request makes the server fail."""

import os
from typing import Any, Final, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings

from justpaid.api import create_app
from justpaid.api.installation import Installation
from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Company, Engines, TestInstallation
from tests.contract.people import visitor
from tests.contract.steps import NOW, open_shop, subscribe

#: Requests tried of each route; a search through the night takes more.
EXAMPLES: Final = int(os.environ.get("FUZZ_EXAMPLES", "3"))

schema = schemathesis.openapi.from_dict(create_app(cast(Installation, None)).openapi())
#: A stream does not end.
tried = schema.exclude(path="/v1/events/stream").exclude(path_regex="^/v1/(auth/|organisations)")
#: No key opens these, so that they are tried by a person.
persons = schema.include(path_regex="^/v1/(auth/|organisations)")


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))


@pytest.fixture
def shop(company: Company) -> Company:
    open_shop(company.client)
    subscribe(company.client, "2026-03-01T00:00:00+01:00")
    return company


@tried.parametrize()
@settings(max_examples=EXAMPLES, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck))
def test_no_request_makes_the_server_fail(case: Any, shop: Company) -> None:
    request = case.as_transport_kwargs(base_url="http://testserver")
    del request["cookies"]
    if isinstance(request.get("data"), (bytes, str)):
        request["content"] = request.pop("data")
    request["headers"] = {**request.get("headers", {}), "Authorization": f"Bearer {shop.secret}"}
    response = shop.client.request(**request)
    assert response.status_code < 500, (request, response.text)
    assert response.status_code != 401, "what is refused at the door tries nothing"


@persons.parametrize()
@settings(max_examples=EXAMPLES, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck))
def test_no_request_of_a_person_makes_the_server_fail(case: Any, shop: Company, database: Database) -> None:
    person = visitor(shop.client.app, database, shop.organisation_id, "owner")
    request = case.as_transport_kwargs(base_url="http://testserver")
    del request["cookies"]
    if isinstance(request.get("data"), (bytes, str)):
        request["content"] = request.pop("data")
    response = person.request(**request)
    assert response.status_code < 500, (request, response.text)
