"""How long an identity is believed without asking the database."""

import pytest

from justpaid.accounts.recent import KEPT_FOR_S, Identity, Recent

IDENTITY = Identity("org_1", "test", "key_1")


class Directory:
    """Stands for the database: counts how often it is asked, and may do something meanwhile."""

    def __init__(self, identity: Identity | None) -> None:
        self.identity = identity
        self.asked = 0

    def __call__(self) -> Identity | None:
        self.asked += 1
        return self.identity


class Watch:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_it_is_read_once_and_again_when_its_time_is_over(watch: Watch) -> None:
    recent, directory = Recent(watch), Directory(IDENTITY)
    for now_s, asked in [(100.0, 1), (104.9, 1), (100.0 + KEPT_FOR_S, 2)]:
        watch.now_s = now_s
        assert recent.get("digest", directory) == IDENTITY
        assert directory.asked == asked


def test_what_is_revoked_elsewhere_ends_with_its_time(watch: Watch) -> None:
    recent, directory = Recent(watch), Directory(IDENTITY)
    recent.get("digest", directory)
    directory.identity = None
    watch.now_s += KEPT_FOR_S
    assert recent.get("digest", directory) is None
    assert recent.recall("digest") is None


def test_what_is_forgotten_is_read_at_once(watch: Watch) -> None:
    recent, directory = Recent(watch), Directory(IDENTITY)
    recent.get("digest", directory)
    recent.forget(lambda identity: identity.key_id == "key_other")
    assert recent.recall("digest") == IDENTITY
    recent.forget(lambda identity: identity.key_id == "key_1")
    assert recent.recall("digest") is None


def test_what_was_read_while_a_key_was_revoked_is_not_kept(watch: Watch) -> None:
    recent = Recent(watch)

    def read_then_revoked() -> Identity:
        recent.forget(lambda identity: identity.key_id == "key_1")
        return IDENTITY

    recent.get("digest", read_then_revoked)
    assert recent.recall("digest") is None


def test_that_a_key_is_unknown_is_not_kept(watch: Watch) -> None:
    recent, directory = Recent(watch), Directory(None)
    assert recent.get("digest", directory) is None
    directory.identity = IDENTITY
    assert recent.get("digest", directory) == IDENTITY
