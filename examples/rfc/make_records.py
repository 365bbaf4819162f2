#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The DOIs of the RFC series as records, one JSON object a line, for `houji load`.

Each RFC has the DOI 10.17487/RFCnnnn (four digits at least), whose target is the RFC Editor's page
on it. Numbers that were never issued have none; not_issued.txt lists them with the source.
`--prefixes` prints the prefixes that a node must hold instead.
"""

import json
import os
import sys

PREFIX = "10.17487"
HIGHEST = 9700
TTL = 86400
TIMESTAMP = "2023-08-07T00:00:00Z"
ADMIN_PERMISSIONS = "011111110011"  # All rights but those on derived prefixes and on lists.


def not_issued():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "not_issued.txt")
    with open(path, encoding="utf-8") as file:
        return {int(line) for line in file if not line.startswith("#")}


def value(index, kind, data_format, data):
    return {"index": index, "type": kind, "data": {"format": data_format, "value": data},
        "ttl": TTL, "timestamp": TIMESTAMP}


def records():
    missing = not_issued()
    admin = {"handle": f"0.NA/{PREFIX}", "index": 300, "permissions": ADMIN_PERMISSIONS}
    for number in range(1, HIGHEST + 1):
        if number not in missing:
            yield {"handle": f"{PREFIX}/RFC{number:04d}", "values": [
                value(1, "URL", "string", f"https://www.rfc-editor.org/info/rfc{number}"),
                value(100, "HS_ADMIN", "admin", admin)]}


def main():
    if sys.argv[1:] == ["--prefixes"]:
        print(PREFIX)
        return
    for record in records():
        print(json.dumps(record, ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main()
