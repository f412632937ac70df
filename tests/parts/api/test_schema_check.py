"""The checker of schemas says no."""

from __future__ import annotations

from typing import Any

import pytest

from heliograph.api import schemas
from tests.parts.api.schema_check import misfits

DOCUMENT = {"components": {"schemas": schemas.SCHEMAS}}
ERIN = {"id": "12", "username": "erin", "full_name": "", "profile_picture": ""}


def check(value: Any, name: str) -> list[str]:
    return misfits(value, schemas.of(name), DOCUMENT)


def test_what_fits_fits() -> None:
    assert check(ERIN, "UserShort") == []
    assert misfits([ERIN], schemas.data("[UserShort]"), DOCUMENT) == []
    assert misfits(None, schemas.data("null"), DOCUMENT) == []


@pytest.mark.parametrize(
    "wrong",
    [
        ERIN | {"id": 12},
        ERIN | {"id": "0"},
        ERIN | {"email": "erin@example.org"},
        {name: value for name, value in ERIN.items() if name != "full_name"},
        ERIN | {"full_name": None},
        [],
        None,
    ],
)
def test_what_does_not_is_found(wrong: Any) -> None:
    assert check(wrong, "UserShort")


def test_an_image_has_exactly_three_keys() -> None:
    image = {"url": "", "width": 1, "height": 1}
    assert check(image, "Image") == []
    assert check(image | {"size": 1}, "Image")
    assert check(image | {"width": True}, "Image")


def test_an_unknown_keyword_is_no_yes() -> None:
    with pytest.raises(KeyError):
        misfits(1, {"multipleOf": 2}, DOCUMENT)
