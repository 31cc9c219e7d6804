"""`justpaid plans` against a running server: the guide's file, and what the guide says it does."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from justpaid.catalog import PlanVersion, terms_of
from justpaid.cli import app
from justpaid.cli.yaml_file import read_yaml
from justpaid.kernel.decimals import plain
from tests.support.server import KEY, Server

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "plans.md").read_text()
(FILE,) = re.findall(r"^```yaml\n(.*?)^```", GUIDE, re.M | re.S)
FIRST, SECOND = re.findall(r"^```console\n(.*?)^```", GUIDE, re.M | re.S)
OVERRIDES = re.findall(r"^\| (\w{3}) \| `(.*)` \| ([\d.]+) \| ([\d.]+) \|$", GUIDE, re.M)

Plans = Callable[..., Result]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "data").until_ready()
    with server.client() as client:
        client.post("/v1/meters", json={"key": "calls", "event": "call", "aggregation": "count"}).raise_for_status()
    yield server
    server.process.kill()
    server.process.communicate()


@pytest.fixture
def plans(server: Server, monkeypatch: pytest.MonkeyPatch) -> Plans:
    monkeypatch.setenv("JUSTPAID_URL", server.address)
    monkeypatch.setenv("JUSTPAID_API_KEY", KEY)
    return lambda *arguments: CliRunner().invoke(app, ["plans", *map(str, arguments)])


def test_the_guides_file_is_applied_as_the_guide_says(plans: Plans, server: Server, tmp_path: Path) -> None:
    file = tmp_path / "plans.yaml"
    file.write_text(FILE)
    assert plans("apply", file, "--dry-run").stdout == FIRST.replace("changed", "would change; this was a dry run")
    assert plans("apply", file).stdout == FIRST
    assert plans("apply", file).stdout == "Nothing to change: 2 unchanged.\n"

    file.write_text(FILE.replace("unit_amount: 0.01\n", "unit_amount: 0.008\n"))
    assert plans("apply", file, "--dry-run").stdout == SECOND
    told = json.loads(plans("apply", file, "--json").stdout)["changes"]
    assert [change["action"] for change in told] == ["none", "new_version"]
    with server.client() as client:
        assert client.get("/v1/plans/pro").json()["prices"][1]["unit_amount"] == "0.008"

    file.write_text(plans("export").stdout)
    assert plans("apply", file).stdout == "Nothing to change: 2 unchanged.\n"
    exported = read_yaml(file)
    assert exported["plans"][0]["prices"][1]["unit_amount"] == "0.008"

    file.write_text(FILE.replace("unit_amount: 0.01\n", "unit_amount: cheap\n"))
    refused = plans("apply", file)
    assert refused.exit_code == 1
    assert "plans.0.prices.1.unit_amount: must be a number or a decimal string" in refused.stderr


@pytest.mark.parametrize(("currency", "overrides", "base", "calls"), OVERRIDES)
def test_a_customers_terms_are_those_of_the_guide(
    tmp_path: Path, currency: str, overrides: str, base: str, calls: str
) -> None:
    assert len(OVERRIDES) == 4
    (tmp_path / "plans.yaml").write_text(FILE)
    declared: dict[str, Any] = read_yaml(tmp_path / "plans.yaml")["plans"][0]
    version = PlanVersion(
        currency=declared["currency"],
        interval=declared["interval"],
        prices=declared["prices"],
        currencies=declared["currencies"],
        trial_days=0,
        billing_thresholds=[],
    )
    fee, usage = terms_of(version, currency, json.loads(overrides)).prices
    assert (plain(fee.amount), plain(usage.unit_amount)) == (base, calls)  # type: ignore[union-attr]
