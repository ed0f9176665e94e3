"""The colours of all that is drawn, as CSS: the report and the views look alike."""

from importlib import resources


def palette() -> str:
    """Custom properties on `:root` for light, dark and print."""
    return resources.files(__package__).joinpath("palette.css").read_text("utf-8")
