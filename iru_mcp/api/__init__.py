"""Iru's API as records, endpoints and a client that only reads."""

import importlib
import pkgutil
from functools import cache
from typing import Any

from .endpoint import Endpoint


@cache
def declared_endpoints() -> dict[str, Endpoint[Any]]:
    """Every declared endpoint by name, found by looking through the modules of `endpoints/`."""
    package = importlib.import_module(f"{__name__}.endpoints")
    found: dict[str, Endpoint[Any]] = {}
    for module in pkgutil.iter_modules(package.__path__):
        for value in vars(importlib.import_module(f"{package.__name__}.{module.name}")).values():
            for endpoint in value.values() if isinstance(value, dict) else (value,):
                if isinstance(endpoint, Endpoint):
                    found[endpoint.name] = endpoint
    return found
