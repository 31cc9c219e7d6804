"""`justpaid plans`: what it sends and what it shows."""

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run, Stub

APPLIED = {
    "dry_run": False,
    "changes": [
        {"record": "product", "key": "api", "action": "none", "version": None, "differences": []},
        {
            "record": "plan",
            "key": "pro",
            "action": "new_version",
            "version": 2,
            "differences": [
                {"path": "trial_days", "before": 0, "after": 14},
                {"path": "prices.calls.maximum_amount", "before": "9", "after": None},
                {"path": "prices.logs.package_size", "before": None, "after": "1000"},
                {"path": "currencies.EUR.base", "before": None, "after": {}},
            ],
        },
    ],
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "plans.yaml"
    file.write_text("plans:\n  - {key: pro, trial_days: 14, archived: false}\nproducts:\n")
    return file


def test_the_file_is_sent_as_it_is_written(run: Run, stub: Stub, file: Path) -> None:
    stub.answer(200, APPLIED)
    result = run("plans", "apply", str(file))
    assert stub.asked[0].path == "/v1/catalog/apply"
    assert stub.asked[0].json == {
        "plans": [{"key": "pro", "trial_days": "14", "archived": False}],
        "dry_run": False,
    }
    assert result.stdout == (
        "~ plan pro (version 2)\n"
        "    trial_days: 0 → 14\n"
        "    prices.calls.maximum_amount: 9 → (gone)\n"
        "    prices.logs.package_size: 1000\n"
        "    currencies.EUR.base: the same figures\n"
        "1 changed, 1 unchanged.\n"
    )


def test_a_dry_run_says_so(run: Run, stub: Stub, file: Path) -> None:
    stub.answer(200, APPLIED | {"dry_run": True})
    assert run("plans", "apply", str(file), "--dry-run").stdout.endswith(
        "1 would change; this was a dry run, 1 unchanged.\n"
    )
    assert stub.asked[0].json["dry_run"] is True


@pytest.mark.parametrize("text", ["", "- a\n", "pro\n", "plan: []\n", "dry_run: true\n"])
def test_a_file_that_is_no_catalogue_is_not_sent(run: Run, stub: Stub, file: Path, text: str) -> None:
    file.write_text(text)
    result = run("plans", "apply", str(file))
    assert (result.exit_code, stub.asked) == (2, [])
    assert "products" in result.stderr


def test_wrong_fields_are_named(run: Run, stub: Stub, file: Path) -> None:
    errors = [{"field": "plans.0.prices", "message": "is required"}]
    stub.problem(422, "plans.0.prices: is required", errors)
    result = run("plans", "apply", str(file))
    assert result.exit_code == 1
    assert "plans.0.prices: is required" in result.stderr


def test_export_is_yaml(run: Run, stub: Stub) -> None:
    stub.answer(200, {"products": [], "plans": [{"key": "pro", "trial_days": 14}]})
    assert run("plans", "export").stdout == "products: []\nplans:\n- key: pro\n  trial_days: 14\n"
