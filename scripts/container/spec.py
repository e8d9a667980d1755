# SPDX-License-Identifier: Apache-2.0
"""Makes a container's configuration: spec.py FILE KIND USER COMMAND...

KIND is `engine`, for the capabilities and the filter that container engines give by
default, or `plain`, for what runc gives by itself. The filter is the profile of the
distribution's container packages, of which the rules are taken that hold for these
capabilities and this architecture.
"""

import json
import sys

PROFILE = "/usr/share/containers/seccomp.json"
CAPABILITIES = [
    "CAP_" + name
    for name in (
        "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP "
        "NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE"
    ).split()
]
ARCHITECTURES = {"amd64", "x86", "x32", "x86_64"}


def applies(rule):
    wanted, unwanted = rule.get("includes", {}), rule.get("excludes", {})
    return (
        all(name in CAPABILITIES for name in wanted.get("caps", []))
        and not any(name in CAPABILITIES for name in unwanted.get("caps", []))
        and (not wanted.get("arches") or ARCHITECTURES & set(wanted["arches"]))
        and not ARCHITECTURES & set(unwanted.get("arches", []))
    )


def seccomp():
    with open(PROFILE, encoding="utf-8") as file:
        profile = json.load(file)
    keys = ("names", "action", "args", "errnoRet")
    rules = [rule for rule in profile["syscalls"] if applies(rule)]
    return {
        "defaultAction": profile["defaultAction"],
        "defaultErrnoRet": profile.get("defaultErrnoRet", 1),
        "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        "syscalls": [{key: rule[key] for key in keys if rule.get(key) is not None} for rule in rules],
    }


def main(path, kind, user, command):
    with open(path, encoding="utf-8") as file:
        spec = json.load(file)
    process = spec["process"]
    process["terminal"] = False
    process["args"] = command
    process["user"] = {"uid": int(user), "gid": int(user)}
    process["noNewPrivileges"] = False
    process["rlimits"] = []
    spec["root"]["readonly"] = False
    if kind == "engine":
        spec["linux"]["seccomp"] = seccomp()
        held = CAPABILITIES if int(user) == 0 else []
        process["capabilities"] = {
            "bounding": CAPABILITIES,
            "permitted": held,
            "effective": held,
        }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(spec, file)


main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
