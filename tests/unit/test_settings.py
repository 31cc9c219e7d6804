"""Settings come from the environment, a bad one names itself and the remedy, and the reference page lists every one."""

import re
from pathlib import Path

import pytest

from justpaid.kernel.errors import InvalidRequest
from justpaid.platform.settings import Settings, load_settings

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"JUSTPAID_{name.upper()}", raising=False)
    for name in ("DATABASE_URL", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_defaults_need_no_environment(tmp_path: Path) -> None:
    settings = load_settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8787)
    assert settings.data_dir == tmp_path / ".local/share/justpaid"
    assert settings.database_url is None
    assert settings.bootstrap_api_key is None


@pytest.mark.parametrize(
    ("variable", "value", "field", "expected"),
    [
        ("JUSTPAID_PORT", "9000", "port", 9000),
        ("JUSTPAID_PORT", "", "port", 8787),
        ("JUSTPAID_DATA_DIR", "~/billing", "data_dir", "HOME/billing"),
        ("XDG_DATA_HOME", "/srv/xdg", "data_dir", "/srv/xdg/justpaid"),
        ("XDG_DATA_HOME", "relative", "data_dir", "HOME/.local/share/justpaid"),
        ("DATABASE_URL", "postgres://u:p@db:5432/bill", "database_url", "postgresql://u:p@db:5432/bill"),
        ("JUSTPAID_DATABASE_URL", "postgresql+psycopg://db/bill", "database_url", "postgresql://db/bill"),
        ("JUSTPAID_LOG_LEVEL", "WARNING", "log_level", "warning"),
        ("JUSTPAID_BILLING_INTERVAL_S", "0", "billing_interval_s", 0),
    ],
)
def test_a_variable_sets_its_field(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, value: str, field: str, expected: object
) -> None:
    monkeypatch.setenv(variable, value)
    found = getattr(load_settings(), field)
    assert (str(found) if isinstance(found, Path) else found) == (
        expected.replace("HOME", str(tmp_path)) if isinstance(expected, str) else expected
    )


def test_our_database_variable_goes_before_the_general_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://general/db")
    monkeypatch.setenv("JUSTPAID_DATABASE_URL", "postgresql://ours/db")
    assert load_settings().database_url == "postgresql://ours/db"


def test_options_go_before_the_environment_and_absent_ones_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUSTPAID_PORT", "9000")
    monkeypatch.setenv("DATABASE_URL", "postgresql://general/db")
    settings = load_settings(port=9001, host=None, database_url="postgresql://option/db")
    assert (settings.port, settings.host, settings.database_url) == (9001, "127.0.0.1", "postgresql://option/db")


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("JUSTPAID_PORT", "http", "from 1 to 65535"),
        ("JUSTPAID_PORT", "0", "from 1 to 65535"),
        ("JUSTPAID_PORT", "65536", "from 1 to 65535"),
        ("JUSTPAID_DATA_DIR", "~nobody-of-this-name/x", "home directory"),
        ("DATABASE_URL", "mysql://u:hush-hush@db/bill", "postgresql://user:password@host:5432/database"),
        ("JUSTPAID_DATABASE_URL", "db.example.com", "postgresql://user:password@host:5432/database"),
        ("JUSTPAID_BOOTSTRAP_API_KEY", "hush-hush", "sk_test_ or sk_live_"),
        ("JUSTPAID_BOOTSTRAP_API_KEY", "sk_test_abc", "at least 4"),
        ("JUSTPAID_BOOTSTRAP_API_KEY", "sk_test_hush-hush!", "sk_test_ or sk_live_"),
        ("JUSTPAID_ORGANISATION_NAME", "x" * 201, "1 to 200 characters"),
        ("JUSTPAID_LOG_LEVEL", "loud", "debug, info, warning or error"),
        ("JUSTPAID_LOG_FORMAT", "xml", "console"),
        ("JUSTPAID_MAX_EVENTS_BODY_BYTES", "64MB", "bytes after decompression"),
        ("JUSTPAID_MAX_BODY_BYTES", "-1", "bytes after decompression"),
        ("JUSTPAID_MAX_BATCH_EVENTS", "0", "from 1 to 1000000"),
        ("JUSTPAID_JOURNAL_BACKLOG_LIMIT_BYTES", "1", "at least 1048576"),
        ("JUSTPAID_DRAIN_MAX_ROWS", "1.5", "from 1 to 10000000"),
        ("JUSTPAID_BILLING_INTERVAL_S", "-60", "0 turns them off"),
    ],
)
def test_a_bad_value_names_its_variable_and_the_remedy(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(InvalidRequest) as raised:
        load_settings()
    assert [one.field for one in raised.value.errors] == [variable]
    assert says in raised.value.detail
    assert "hush" not in raised.value.detail


def test_all_bad_values_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUSTPAID_PORT", "http")
    monkeypatch.setenv("JUSTPAID_LOG_LEVEL", "loud")
    with pytest.raises(InvalidRequest) as raised:
        load_settings()
    assert [one.field for one in raised.value.errors] == ["JUSTPAID_PORT", "JUSTPAID_LOG_LEVEL"]


def test_an_unknown_option_is_an_error() -> None:
    with pytest.raises(InvalidRequest, match="no such setting"):
        load_settings(prot=1)


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUSTPAID_BOOTSTRAP_API_KEY", "sk_test_hush-hush")
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hush-hush@db/bill")
    settings = load_settings()
    assert "hush" not in f"{settings!r} {settings}"
    assert settings.bootstrap_api_key is not None
    assert settings.bootstrap_api_key.get_secret_value() == "sk_test_hush-hush"


def test_the_page_lists_every_setting_with_its_default_and_meaning() -> None:
    documented = {}
    for line in PAGE.read_text().splitlines():
        if line.startswith("| `JUSTPAID_"):
            variables, default, meaning = (cell.strip() for cell in line.strip("|").split("|"))
            documented[variables.split("`")[1]] = (re.split("[ `]", default.strip("`"))[0], meaning.replace("`", ""))
    declared = {}
    for name, field in Settings.model_fields.items():
        default = "~/.local/share/justpaid" if name == "data_dir" else str(field.default).lower()
        declared[f"JUSTPAID_{name.upper()}"] = (default, field.description)
    assert documented == declared
