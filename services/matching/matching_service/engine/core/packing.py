"""Arrays of whole numbers as bytes: little-endian, each in the narrowest kind that holds its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Layout = list[tuple[str, str, str, list[int]]]
"""For every array, in order: its name, the kind it is kept as, the kind it had, and its shape."""

_KINDS: Final = ("<u1", "<i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8")


def packed(arrays: Mapping[str, NDArray[Any]]) -> tuple[Layout, bytes]:
    """How the arrays lie, and their bytes; equal arrays give equal bytes."""
    layout: Layout = []
    pieces = []
    for name, array in arrays.items():
        kind = _narrowest(array)
        layout.append((name, kind, array.dtype.newbyteorder("<").str, list(array.shape)))
        pieces.append(array.astype(kind).tobytes())
    return layout, b"".join(pieces)


def unpacked(layout: Layout, content: bytes, at: int) -> dict[str, NDArray[Any]]:
    """The arrays that lie in ``content`` from byte ``at`` on. Raises: ValueError where it is too short or too long."""
    arrays: dict[str, NDArray[Any]] = {}
    for name, kind, own_kind, shape in layout:
        kept = np.frombuffer(content, dtype=kind, count=int(np.prod(shape)), offset=at)
        at += kept.nbytes
        arrays[name] = kept.astype(np.dtype(own_kind).newbyteorder("=")).reshape(shape)
    if at != len(content):
        raise ValueError(f"{len(content) - at} bytes too many.")
    return arrays


def _narrowest(array: NDArray[Any]) -> str:
    low, high = int(array.min(initial=0)), int(array.max(initial=0))
    return next(kind for kind in _KINDS if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max)
