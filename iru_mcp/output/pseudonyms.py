"""Names that only a key can make, and only it can read: short values enciphered, always in the same way."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.-_@:+ '"
_PACKED, _PLAIN = 1, 2
_LEAST = 10
_CHECK = 3
_MOST = 120
_ROUNDS = 4


class Cipher:
    """Deterministic and reversible: equal values of a kind have equal codes, and no map has to be kept or shared.

    A value is packed, prefixed with zero bytes and enciphered as one block by a Feistel network over keyed BLAKE2b;
    the zeros tell a code of this key from any other text (a stray one passes once in 16 million).
    """

    def __init__(self, key: bytes) -> None:
        self._key = hashlib.blake2b(key, digest_size=32, person=b"iru-mcp names").digest()

    def seal(self, kind: str, value: str) -> str:
        """The code of `value`: 16 or more of a-z and 2-7. Beyond 120 bytes it is cut, and opens as what was kept."""
        packed = _pack(value)
        padded = bytes(max(_CHECK, _LEAST - len(packed))) + packed
        return base64.b32encode(self._mix(kind, padded, range(_ROUNDS))).decode().rstrip("=").lower()

    def open(self, kind: str, code: str) -> str | None:
        """The value behind a code, None when it was not made with this key and kind."""
        try:
            mixed = base64.b32decode(code.upper() + "=" * (-len(code) % 8))
        except (binascii.Error, ValueError):
            return None
        padded = self._mix(kind, mixed, reversed(range(_ROUNDS))) if len(mixed) >= _LEAST else b""
        return _unpack(padded.lstrip(b"\0")) if padded[:_CHECK] == bytes(_CHECK) else None

    def _mix(self, kind: str, data: bytes, rounds: Iterable[int]) -> bytes:
        middle = len(data) // 2
        halves = [data[:middle], data[middle:]]
        for number in rounds:
            here, there = number % 2, 1 - number % 2
            halves[here] = _xor(halves[here], self._stream(kind, number, halves[there], len(halves[here])))
        return halves[0] + halves[1]

    def _stream(self, kind: str, number: int, half: bytes, size: int) -> bytes:
        tweak = f"{kind}{number}{size}".encode()[:16]
        return hashlib.blake2b(half, digest_size=size, key=self._key, person=tweak).digest()


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(one, other, strict=True))


def _pack(value: str) -> bytes:
    if value and all(letter in _LETTERS for letter in value) and len(value) <= _MOST:
        number = 0
        for letter in value:
            number = number * (len(_LETTERS) + 1) + _LETTERS.index(letter) + 1
        return bytes([_PACKED]) + number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes([_PLAIN]) + value.encode("utf-8", "replace")[:_MOST]


def _unpack(packed: bytes) -> str | None:
    if packed[:1] == bytes([_PLAIN]):
        return packed[1:].decode("utf-8", "ignore")
    if packed[:1] != bytes([_PACKED]):
        return None
    number = int.from_bytes(packed[1:], "big")
    letters: list[str] = []
    while number:
        number, letter = divmod(number, len(_LETTERS) + 1)
        if not letter:
            return None
        letters.append(_LETTERS[letter - 1])
    return "".join(reversed(letters))
