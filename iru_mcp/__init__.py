"""Read-only tools over Iru's Endpoint Management API for AI agents."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api.client import IruClient

__all__ = ["IruClient", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`IruClient`, loaded when it is asked for: the command line starts without an HTTP library."""
    if name == "IruClient":
        from .api.client import IruClient  # noqa: PLC0415 - see above

        return IruClient
    raise AttributeError(name)
