#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records of the enterprises 88.980.1 to 88.995.1, one below each secondary node of
examples/shanxi/secondary_nodes.csv: the firm itself, a product, a batch. One JSON object a line, for
`houji lab up --records`. Made up (示例数据 / SYNTHETIC); the output depends on the table alone."""

import csv
import json
import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(FOLDER, "..", "shanxi", "secondary_nodes.csv")
NOTICE = "示例数据 / SYNTHETIC"
TIMESTAMP = "2023-08-07T00:00:00Z"


def value(index, kind, data, data_format="string"):
    return {"index": index, "type": kind, "data": {"format": data_format, "value": data},
        "ttl": 86400, "timestamp": TIMESTAMP}


def record(handle, name, node):
    prefix = handle.split("/")[0]
    return {"handle": handle, "values": [
        value(1, "URL", f"https://id.example.cn/{handle}"),
        value(2, "NAME", name),
        value(3, "NODE", node),
        value(4, "NOTICE", NOTICE),
        value(100, "HS_ADMIN", {"handle": f"0.NA/{prefix}", "index": 300,
            "permissions": "011111110011"}, "admin"),
    ]}


def records():
    with open(TABLE, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            prefix = row["prefix"] + ".1"
            name = row["name"]
            yield record(f"{prefix}/E", f"{name}所属示例企业", name)
            yield record(f"{prefix}/P.FL.DN200", f"{name}示例产品 法兰 DN200", name)
            yield record(f"{prefix}/P.FL.DN200.B2306", f"{name}示例批次 2023-06", name)


if __name__ == "__main__":
    for one in records():
        sys.stdout.write(json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n")
