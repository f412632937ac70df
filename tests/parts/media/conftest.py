"""What tests of the media part share."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image


@pytest.fixture
def fd() -> Iterator[Callable[[bytes], int]]:
    """Bytes as an open file, closed at the end."""
    opened: list[int] = []

    def make(data: bytes) -> int:
        number = os.memfd_create("photo")
        os.write(number, data)
        opened.append(number)
        return number

    yield make
    for number in opened:
        os.close(number)


def pixels(data: bytes) -> npt.NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
