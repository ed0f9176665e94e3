"""The apps of one device, which Apple, Windows and Android devices report in different forms."""

from typing import Any

from ..paging import Whole
from ..record import Flag, Moment, Names, Record, Text
from .devices import of_device


class App(Record):
    """One installed app. Apple, Windows and Android use different names for the same things."""

    app_id: Text = None
    app_name: Text = None
    name: Text = None
    display_name: Text = None
    bundle_id: Text = None
    package_name: Text = None
    product_code: Text = None
    version: Text = None
    version_name: Text = None
    path: Text = None
    installed_path: Text = None
    source: Text = None
    application_source: Text = None
    application_type: Text = None
    signature: Text = None
    publisher: Text = None
    publisher_display_name: Text = None
    process: Text = None
    architecture: Text = None
    bundle_size: Text = None
    app_store_vendable: Flag = None
    device_based_vpp: Flag = None
    creation_date: Moment = None
    modification_date: Moment = None
    installer_package_name: Text = None
    sha256_hash: Text = None
    sha1_hashes: Names = None

    def shaped(self) -> dict[str, Any]:
        """`flat()` with the names of APP_SHAPE beside Iru's own.

        Windows names an app and its publisher twice, for people and for the system; the names for the system become
        `bundle_id` and `signature` here.
        """
        flat = self.flat()
        shaped = {name: next((flat[key] for key in keys if key in flat), None) for name, keys in APP_SHAPE.items()}
        if self.display_name and self.name not in (None, self.display_name):
            shaped["bundle_id"] = self.name
        if self.publisher_display_name and self.publisher:
            shaped["signature"] = self.publisher
        return flat | {name: value for name, value in shaped.items() if value is not None}


APP_SHAPE = {
    "name": ("app_name", "display_name", "name"),
    "version": ("version", "version_name"),
    "bundle_id": ("bundle_id", "package_name", "product_code"),
    "path": ("path", "installed_path"),
    "source": ("source", "application_source", "application_type"),
    "publisher": ("publisher_display_name", "publisher", "signature"),
}
"""Apple's, Windows' and Android's names for the same thing, the first that has a value is taken."""


# https://api-docs.kandji.io - Devices > Get Device Apps. Not paged; an iPhone's preinstalled apps are left out by Iru.
LIST_DEVICE_APPS = of_device("LIST_DEVICE_APPS", "/apps", App, Whole("apps"), "Application list")
