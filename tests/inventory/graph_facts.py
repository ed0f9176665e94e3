"""What the graph product publishes about the classes and types that an export has: names and types, nothing else.

Read from its data model's schemas (Entity, GraphObject, Device, User, Application, Configuration, Vulnerability) and
from its integration for this very source (entity types, relationships, forms of keys).
"""

from __future__ import annotations

TEXT, NUMBER, FLAG, TEXTS, NULL = "text", "number", "flag", "texts", "null"

EVERY = {
    "_key": TEXT, "_type": TEXT, "_class": TEXTS, "id": TEXT, "name": TEXT, "displayName": TEXT, "description": TEXT,
    "status": TEXT, "active": FLAG, "public": FLAG, "webLink": TEXT, "tag.AccountName": TEXT, "discoveredOn": NUMBER,
}  # fmt: skip
REQUIRED = {
    "Account": ("name", "displayName"),
    "Application": ("name", "displayName", "bundleId"),
    "Configuration": ("name", "displayName"),
    "Device": ("name", "displayName", "category", "make", "model", "serial", "deviceId"),
    "User": ("name", "displayName", "username", "active"),
    "Vulnerability": ("name", "displayName", "category", "severity", "blocking", "open", "production", "public"),
}
MAY_BE_NULL = {
    "Device": ("category", "make", "model", "serial", "deviceId"),
    "Vulnerability": ("category", "severity", "blocking", "open", "production", "public"),
}
PROPERTIES = {
    "Device": {
        "category": TEXT, "make": TEXT, "model": TEXT, "serial": TEXT, "deviceId": TEXT, "assetTag": TEXT,
        "osVersion": TEXT, "platform": TEXT, "encrypted": FLAG, "firewallEnabled": FLAG, "lastSeenOn": NUMBER,
        "lastCheckinOn": NUMBER, "mdmEnabled": FLAG, "agentInstalled": FLAG, "agentVersion": TEXT, "isMissing": FLAG,
        "isRemoved": FLAG, "blueprintId": TEXT, "blueprintName": TEXT, "firstEnrollmentOn": NUMBER,
        "lastEnrollmentOn": NUMBER, "user.name": TEXT, "user.email": TEXT, "user.isArchived": FLAG,
        "filevault.filevaultEnabled": FLAG, "filevault.filevaultRecoverykeyType": TEXT,
        "filevault.filevaultPrkEscrowed": FLAG, "filevault.filevaultNextRotation": TEXT,
        "filevault.filevaultRegenRequired": FLAG, "hardwareOverview.modelIdentifier": TEXT,
        "hardwareOverview.processorName": TEXT, "hardwareOverview.processorSpeed": TEXT,
        "hardwareOverview.numberOfProcessors": TEXT, "hardwareOverview.totalNumberOfCores": TEXT,
        "hardwareOverview.memory": TEXT, "activationLock.bypassCodeFailed": FLAG,
        "activationLock.userActivationLockEnabled": FLAG, "activationLock.deviceActivationLockEnabled": FLAG,
        "activationLock.activationLockAllowedWhileSupervised": FLAG, "activationLock.activationLockSupported": FLAG,
        "network.localHostname": TEXT, "network.ipAddress": TEXT, "network.macAddress": TEXT, "network.publicIp": TEXT,
        "macAddress": TEXT,
    },
    "Configuration": {
        "active": FLAG, "mdmIdentifier": TEXT, "createdOn": NUMBER, "updatedOn": NUMBER, "computersCount": NUMBER,
    },
    "User": {"username": TEXT, "email": TEXT, "isArchived": FLAG},
    "Application": {
        "bundleId": TEXT, "appStoreVendable": TEXT, "deviceBasedVpp": TEXT, "source": TEXT, "process": TEXT,
    },
    "Vulnerability": {
        "category": TEXT, "severity": TEXT, "blocking": FLAG, "open": FLAG, "production": FLAG, "score": NUMBER,
    },
}  # fmt: skip
PLATFORMS = ("darwin", "linux", "unix", "windows", "android", "ios", "embedded", "other")
RELATIONSHIPS = {
    ("kandji_account", "HAS", "kandji_device"): "kandji_account_has_device",
    ("kandji_device", "HAS", "kandji_user"): "kandji_device_has_user",
    ("kandji_device", "INSTALLED", "kandji_app"): "kandji_device_installed_app",
}
PROPERTY_NAME = r"(_|tag\.)?[A-Za-z0-9. -]+"
LEAST_KEY, LEAST_TYPE = 10, 5
