"""Pseudonyms as ciphertext: AES-SIV of the value, so that nothing has to be stored or shared to read one back.

AES-SIV (RFC 5297) is deterministic, as a pseudonym must be: equal values of a kind have equal codes under the same
key, on every replica. It is authenticated: a code that this key did not make, or made for another kind, is refused.
`cryptography` comes with the MCP SDK and is loaded with the first pseudonym, so without privacy mode it is not loaded.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

MAX_BYTES = 120
"""A longer value is cut, in UTF-8, and its pseudonym stands for what was kept."""


class Cipher:
    """The codes of one key, which may be of any length; the AES key is derived from it."""

    def __init__(self, key: bytes) -> None:
        self._key = hashlib.blake2b(key, digest_size=32, person=b"iru-mcp names").digest()
        self.seal = lru_cache(20_000)(self._seal)

    @cached_property
    def _aes(self) -> AESSIV:
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV  # noqa: PLC0415 - only in privacy mode

        return AESSIV(self._key)

    def _seal(self, kind: str, value: str) -> str:
        """The code of `value`: 28 or more of a-z and 2-7."""
        kept = value.encode("utf-8", "replace")[:MAX_BYTES].decode("utf-8", "ignore").encode()
        return base64.b32encode(self._aes.encrypt(kept, [kind.encode()])).decode().rstrip("=").lower()

    def open(self, kind: str, code: str) -> str | None:
        """The value behind a code, None when it was not made with this key and kind."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - as above

        try:
            sealed = base64.b32decode(code.upper() + "=" * (-len(code) % 8))
            return self._aes.decrypt(sealed, [kind.encode()]).decode()
        except (binascii.Error, ValueError, InvalidTag):
            return None
