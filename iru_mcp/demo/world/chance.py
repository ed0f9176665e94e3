"""Repeatable chance: the same key always gives the same value, so nothing has to be stored."""

from bisect import bisect
from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")


def digest(*key: object, size: int = 64) -> bytes:
    """`size` bytes (64 at most) that only `key` decides."""
    return blake2b("\x1f".join(map(str, key)).encode(), digest_size=size).digest()


def hashed(*key: object) -> int:
    """A number below 2**64."""
    return int.from_bytes(digest(*key, size=8), "big")


def choose(options: Sequence[T], *key: object) -> T:
    """One of `options`."""
    return options[hashed(*key) % len(options)]


def choose_weighted(options: Sequence[tuple[int, T]], *key: object) -> T:
    """One of `options`, each with its weight."""
    ends = list(accumulate(weight for weight, _ in options))
    return options[bisect(ends, hashed(*key) % ends[-1])][1]


def uuid(*key: object) -> str:
    """A version 4 UUID in lower case."""
    return str(UUID(bytes=digest(*key, size=16), version=4))


def hex_digits(length: int, *key: object) -> str:
    """`length` (128 at most) hexadecimal digits."""
    return digest(*key).hex()[:length]


def letters(length: int, *key: object, alphabet: str = "CDFGHJKLMNPQRTVWXY0123456789") -> str:
    """`length` (64 at most) letters and digits as serial numbers use them."""
    return "".join(alphabet[byte % len(alphabet)] for byte in digest(*key)[:length])
