"""Where a request comes from: only trusted proxies are believed, and limits count households."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.test import RequestFactory

from heliograph.core import addresses, environment
from heliograph.web import address


@pytest.fixture
def trusting() -> Iterator[None]:
    """One proxy on this machine, and a network of them."""
    before = environment.get()
    environment.use(replace(before, trusted_proxies=("127.0.0.1", "10.1.0.0/16", "fd00::/8")))
    yield
    environment.use(before)


def asked(remote: str, forwarded: str | None = None) -> str:
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return address.of(RequestFactory().get("/", REMOTE_ADDR=remote, **headers))


@pytest.mark.parametrize("forwarded", [None, "6.6.6.6", "6.6.6.6, 7.7.7.7", "127.0.0.1", "garbage", ""])
def test_nobody_is_believed_by_default(forwarded: str | None) -> None:
    assert asked("203.0.113.7", forwarded) == "203.0.113.7"


@pytest.mark.parametrize(
    ("remote", "forwarded", "seen"),
    [
        ("203.0.113.7", "6.6.6.6", "203.0.113.7"),  # not a proxy of ours
        ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "6.6.6.6, 203.0.113.7", "203.0.113.7"),  # the client wrote the first itself
        ("127.0.0.1", "127.0.0.1, 203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "203.0.113.7, 10.1.2.3", "203.0.113.7"),  # two proxies
        ("127.0.0.1", "6.6.6.6, 203.0.113.7, 10.1.2.3", "203.0.113.7"),
        ("127.0.0.1", None, "127.0.0.1"),
        ("::ffff:127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
    ],
)
def test_a_proxy_of_ours_is_believed_and_nobody_beyond_it(
    trusting: None, remote: str, forwarded: str | None, seen: str
) -> None:
    assert asked(remote, forwarded) == seen


@pytest.mark.parametrize(
    ("one", "another", "same"),
    [
        ("203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
        ("", "", True),
    ],
)
def test_a_household_is_one_visitor(one: str, another: str, same: bool) -> None:
    assert (addresses.household(one) == addresses.household(another)) == same
