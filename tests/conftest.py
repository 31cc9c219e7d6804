"""What tests of every kind share."""

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

from justpaid.platform.warehouse import Warehouse, open_warehouse

# A busy machine is no failure: what is slow is measured by the benchmarks.
settings.register_profile("justpaid", deadline=None)
settings.load_profile("justpaid")

# The stock one draws each traceback with all variables, which takes seconds.
_console = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], _console])


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """One per process, because the engine opens one folder in the life of a process. A user of `events` and `usage`
    starts by dropping them, and lives no longer than its module, so that no two share them."""
    warehouse = open_warehouse(str(tmp_path_factory.mktemp("warehouse")))
    yield warehouse
    warehouse.close()
