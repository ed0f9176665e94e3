"""What can go wrong between a question and its answer, and what to say about it."""

import errno
from collections.abc import Callable
from typing import ClassVar, Self


class IruError(Exception):
    """A condition with a sentence for whoever can end it: `fact` is what happened, `remedy` who does what next."""

    retryable: ClassVar[bool] = False

    def __init__(self, fact: str, remedy: str) -> None:
        self.fact = fact
        self.remedy = remedy
        super().__init__(f"{fact} {remedy}".strip())

    def reworded(self, change: Callable[[str], str]) -> Self:
        """This error with its sentences put through `change`."""
        self.fact, self.remedy = change(self.fact), change(self.remedy)
        self.args = (f"{self.fact} {self.remedy}".strip(),)
        return self


class ConfigError(IruError):
    """A setting is missing or cannot be right; nothing was sent."""


class UsageError(IruError):
    """An argument cannot be right; nothing, or nothing more, was sent."""


class Unreachable(IruError):
    """No answer came: name, route, TLS, proxy or a broken connection."""

    retryable = True


class TookTooLong(IruError):
    """The call's deadline passed before its answer was complete."""


class Unauthorized(IruError):
    """401: the token is not accepted."""


class Denied(IruError):
    """Iru answers nobody, or not this token. `grant` is the permission that may be lacking, empty when none is."""

    def __init__(self, fact: str, remedy: str, grant: str = "") -> None:
        super().__init__(fact, remedy)
        self.grant = grant


class NotPermitted(Denied):
    """403: the token lacks a permission."""


class NotLicensed(Denied):
    """The tenant has not bought the product behind this endpoint, or the token may not use it."""


class NotFound(IruError):
    """404: no such thing, or no such route."""


class Overloaded(IruError):
    """Iru cannot answer now. `wait` is how many seconds until it may work again, if known."""

    retryable = True

    def __init__(self, fact: str, remedy: str, wait: float | None = None) -> None:
        super().__init__(fact, remedy)
        self.wait = wait


class RateLimited(Overloaded):
    """429, or our own share of the quota is spent."""


class Refused(IruError):
    """Any other 4xx: Iru did not accept the request."""


class ServerFault(Overloaded):
    """5xx: Iru, or something before it, failed. `wait` is what Retry-After asked for."""


class Unreadable(IruError):
    """A success status with a body that is not what the endpoint documents."""

    retryable = True


def reader_has_left(error: OSError) -> bool:
    """Whether a pipe is written to that nobody reads any more: Windows calls that an invalid argument."""
    return isinstance(error, BrokenPipeError) or (error.errno == errno.EINVAL and error.filename is None)
