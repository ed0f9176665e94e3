"""Logging to stderr alone, with secrets redacted and without the HTTP libraries' URLs."""

import logging
import re
import sys

from .redaction import REDACTED, redact

_VERBOSE = ("httpx", "httpcore", "mcp", "uvicorn.access", "sse_starlette")
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_hidden: set[str] = set()


def hide(secret: str) -> None:
    """From now on `secret` is redacted in every log line."""
    if len(secret) >= 4:
        _hidden.add(secret)


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        for secret in _hidden:
            text = text.replace(secret, REDACTED)
        return _ADDRESS.sub("[address]", redact(text))


def configure(level: str, *secrets: str) -> None:
    """Send logs of `level` and above to stderr, without `secrets`, what looks like one, and e-mail addresses."""
    for secret in secrets:
        hide(secret)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Redacting("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _VERBOSE:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
