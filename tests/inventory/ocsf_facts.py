"""What OCSF publishes about the classes and objects that the export has: names and types of attributes, nothing else.

Of version 1.9.0 (3 August 2026; Apache-2.0): the compiled definitions of 1.7.0, with the published lists of changes of
1.8.0 and 1.9.0, which change none of these. `name!` is required, `name:type[]` an array. Enumerations are where a value
is bound to one. An attribute that is not here is none that the export may use.
"""

from __future__ import annotations

VERSION = "1.9.0"
CLASSES = {5001: "inventory_info", 5020: "software_info", 2002: "vulnerability_finding", 2004: "detection_finding"}
_BASE = (
    "activity_id!:integer category_uid!:integer class_uid!:integer metadata!:metadata severity:string "
    "severity_id!:integer time!:timestamp type_uid!:long unmapped:object "
)
_FINDING = "device:device finding_info!:finding_info status:string status_id:integer "
ATTRIBUTES = {
    "inventory_info": f"{_BASE} device!:device",
    "software_info": f"{_BASE} device!:device product:product sbom:sbom",
    "vulnerability_finding": f"{_BASE} {_FINDING} vulnerabilities!:vulnerability[]",
    "detection_finding": f"{_BASE} {_FINDING} evidences:evidences[] malware:malware[]",
    "affected_package": "fixed_in_version:string name!:string path:file_path uid:string version!:string",
    "agent": "name:string version:string",
    "analytic": "type:string type_id!:integer uid:string",
    "cve": "created_time:timestamp desc:string epss:epss modified_time:timestamp references:string[] uid!:string",
    "device": "agent_list:agent[] first_seen_time:timestamp groups:group[] hw_info:device_hw_info ip:ip "
    "is_managed:boolean last_seen_time:timestamp mac:mac model:string name:string os:os owner:user type:string "
    "type_id!:integer udid:string uid:string vendor_name:string",
    "device_hw_info": "ram_size:integer serial_number:string",
    "epss": "score!:string",
    "evidences": "process:process",
    "file": "hashes:fingerprint[] name!:file_name path:file_path type_id!:integer",
    "finding_info": "analytic:analytic created_time:timestamp desc:string first_seen_time:timestamp title:string "
    "uid!:string uid_alt:string",
    "fingerprint": "algorithm_id!:integer value!:file_hash",
    "group": "name:string type:string uid:string",
    "malware": "classification_ids!:integer[] classifications:string[] files:file[] name:string",
    "metadata": "log_name:string log_provider:string product!:product tenant_uid:string uid:string version!:string",
    "os": "build:string name!:string type:string type_id!:integer version:string",
    "package": "name!:string type_id:integer uid:string vendor_name:string version!:string",
    "process": "cmd_line:string file:file name:process_name parent_process:process path:string pid:integer user:user",
    "product": "name:string path:string uid:string vendor_name:string version:string",
    "sbom": "package!:package software_components!:software_component[]",
    "software_component": "name!:string version!:string",
    "user": "email_addr:email full_name:string name:username uid:string",
    "vulnerability": "affected_packages:affected_package[] cve:cve is_exploit_available:boolean severity:string",
}
AT_LEAST_ONE = {
    "agent": ("uid", "name"),
    "device": ("ip", "uid", "name", "hostname"),
    "evidences": ("process",),
    "process": ("pid", "uid", "cpid"),
    "product": ("name", "uid"),
    "group": ("name", "uid"),
    "malware": ("name", "uid"),
    "user": ("account", "name", "uid"),
    "vulnerability": ("advisory", "cve", "cwe"),
}
TEXTS = "string file_path file_name file_hash process_name username email ip mac".split()
ENUMERATIONS = {
    ("device", "type_id"): (*range(16), 99),
    ("os", "type_id"): (0, 99, 100, 101, 200, 201, 300, 301, 302, 400, 401, 402),
    ("file", "type_id"): (*range(9), 99),
    ("fingerprint", "algorithm_id"): (*range(18), 99),
    ("malware", "classification_ids"): (*range(12), *range(13, 23), 99),
    ("package", "type_id"): (0, 1, 2, 99),
    ("analytic", "type_id"): (*range(12), 99),
    ("severity_id",): (*range(7), 99),
    ("status_id",): (*range(7), 99),
}
