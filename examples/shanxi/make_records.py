#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every object of this folder's tables as a record, one JSON object a line, for `houji load`.

A record has these values: 1 URL (landing page), 2 PROFILE (name and version), 3 RECORD (all fields,
canonical JSON of RFC 8785), 4 DIGEST (of RECORD), 6 STATE, 7 VALIDITY if it is known, from 10 REL
(one relation each), 100 HS_ADMIN, and from 2000 the fields once more, one value each, for clients
that read flat values. Fields that the tables do not give are left out, never invented; the one
exception is the credit code of a firm, which is made from its number and carries right checks.

The output depends on the tables alone: no time of day, no randomness. `--prefixes` prints the
prefixes that a node must hold to answer for the records instead.
"""

import csv
import hashlib
import json
import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
TTL = 86400
TIMESTAMP = "2023-08-07T00:00:00Z"
NOTICE = "示例数据 / SYNTHETIC"
REGISTRY = "88.999.1"
SEED_REGISTRY = "88.998.1"
SEED_FIRM = "88.998.20001"
# Name and holder of the prefixes that are not firms'.
PREFIXES = {
    "88.998": ("示例种业行业型二级节点", None),
    SEED_REGISTRY: ("示例大学种质资源库", None),
    SEED_FIRM: ("示例种业有限公司", SEED_FIRM + "/E"),
    "88.999": ("示例省综合型二级节点", None),
    REGISTRY: ("示例省综合型二级节点登记库", None),
}
# Whoever holds 88 answers for the prefixes below it, whose handles are 0.NA/88.nnn.
ROOT = "88"
EXPO = f"{REGISTRY}/EV.2023.EXPO"
ADMIN_PERMISSIONS = "011111110011"  # All rights but those on derived prefixes and on lists.
HALLMARKS = dict(zip((f"ST.P{number:02d}" for number in range(1, 11)),
    ("汾酒", "法兰", "玛钢", "陶瓷", "玻璃器皿", "牛肉", "老陈醋", "中药材", "黄酒", "推光漆")))
RELATION_FIRST, RELATION_LAST = 10, 99
FIELD_FIRST = 2000


def table(name):
    with open(os.path.join(FOLDER, name + ".csv"), encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def canonical(thing):
    """RFC 8785 for what is used here: strings, booleans, whole numbers, lists and objects."""

    def ordered(part):
        if isinstance(part, dict):
            names = sorted(part, key=lambda name: name.encode("utf-16-be"))
            return {name: ordered(part[name]) for name in names}
        if isinstance(part, list):
            return [ordered(item) for item in part]
        if isinstance(part, float) or (isinstance(part, int) and abs(part) > 2**53):
            raise ValueError(f"{part} has no certain form: write it as text")
        return part

    return json.dumps(ordered(thing), ensure_ascii=False, separators=(",", ":"))


def flat(thing):
    """A field as the text of one value."""
    if isinstance(thing, str):
        return thing
    if isinstance(thing, list) and all(isinstance(item, str) for item in thing):
        return ";".join(thing)
    return canonical(thing)


def value(index, kind, data, data_format="string"):
    return {"index": index, "type": kind, "data": {"format": data_format, "value": data},
        "ttl": TTL, "timestamp": TIMESTAMP}


def record(handle, profile, fields, relations=(), validity=None):
    """`fields` without those every profile has; `relations` as (predicate, handle) pairs."""
    fields = {key: field for key, field in fields.items() if field not in ("", None)}
    fields.setdefault("basis", "synthetic")
    fields.setdefault("source", "Houji example data, half-year of a province, 2023")
    fields.setdefault("access", "public")
    fields["updated"] = TIMESTAMP
    if fields["basis"] == "synthetic":
        fields["notice"] = NOTICE
    core = canonical(fields)
    prefix = handle.split("/")[0]
    administrator = handle.rsplit(".", 1)[0] if prefix == "0.NA" else f"0.NA/{prefix}"
    values = [
        value(1, "URL", f"https://id.example.cn/{handle}"),
        value(2, "PROFILE", profile + "/1"),
        value(3, "RECORD", core),
        value(4, "DIGEST", "sha256:" + hashlib.sha256(core.encode()).hexdigest()),
        value(6, "STATE", fields["state"]),
    ]
    if validity:
        values.append(value(7, "VALIDITY", validity))
    for index, (predicate, target) in enumerate(relations, RELATION_FIRST):
        if index > RELATION_LAST:
            raise ValueError(f"{handle} has more relations than places")
        values.append(value(index, "REL", canonical({"predicate": predicate, "object": target})))
    values.append(value(100, "HS_ADMIN",
        {"handle": administrator, "index": 300, "permissions": ADMIN_PERMISSIONS}, "admin"))
    for index, (name, field) in enumerate(sorted(fields.items()), FIELD_FIRST):
        values.append(value(index, name, flat(field)))
    return {"handle": handle, "values": values}


def organisation_check(code):
    """GB 11714: the check of eight characters."""
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    digit = 11 - sum(int(letter, 36) * weight for letter, weight in zip(code, weights)) % 11
    return {10: "X", 11: "0"}.get(digit, str(digit))


def credit_code(adcode, number):
    """GB 32100: 18 characters with both checks. MAEX marks it as an example."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = "MAEX" + f"{number:04d}"
    code = "91" + adcode + body + organisation_check(body)
    total = sum(alphabet.index(letter) * pow(3, place, 31) for place, letter in enumerate(code))
    return code + alphabet[(31 - total % 31) % 31]


def enterprises():
    emerging = {row["prefix"]: row for row in table("sei_parts")}
    for row in table("enterprises"):
        fields = {
            "name_zh": row["name"], "state": "active", "adcode": row["adcode"], "city": row["city"],
            "uscc": credit_code(row["adcode"], int(row["prefix"].split(".")[2]) - 10000),
            "gb4754": row["sector"] + row["gb4754_2"], "above_scale": True, "node": "0.NA/88.999",
            "va_base_yuan": int(row["va_base_yuan"]), "ppi_index_x10": int(row["ppi_index_x10"]),
            "va_comparable_yuan": int(row["va_comparable_yuan"]),
        }
        part = emerging.get(row["prefix"])
        if part:
            fields["sei_share"] = "0.6000"
            fields["sei_base_yuan"] = int(part["sei_base_yuan"])
            fields["sei_comparable_yuan"] = int(part["sei_comparable_yuan"])
        yield record(row["prefix"] + "/E", "enterprise", fields, [("attachedTo", "0.NA/88.999")])
    yield record(SEED_FIRM + "/E", "enterprise", {
        "name_zh": "示例种业有限公司", "state": "active", "node": "0.NA/88.998"},
        [("attachedTo", "0.NA/88.998")])


def chains():
    for row in table("chains"):
        yield record(row["handle"], "chain", {
            "name_zh": row["chain"] + "产业链", "state": "active", "level": "省", "batch": 1,
            "chief_role": "省领导", "rollup": "share", "rev_h1_2022_yi": row["rev_h1_2022_yi"],
            "rev_h1_2023_yi": row["rev_h1_2023_yi"], "growth_pct": row["growth_pct"],
            "pull_pp": row["pull_pp"]})


def towns():
    for row in table("towns_provincial"):
        yield record(row["handle"], "town", {
            "name_zh": row["town"] + "专业镇", "state": "active", "tier": "省级",
            "adcode": row["adcode"], "hallmark": HALLMARKS[row["handle"].split("/")[1]],
            "granted_on": "2022-09-14", "output_h1_2022_yi": row["output_h1_2022_yi"],
            "output_h1_2023_yi": row["output_h1_2023_yi"], "growth_pct": row["growth_pct"],
        }, validity="2022-09-14/..")


def deals():
    yield record(EXPO, "event", {
        "name_zh": "专业镇投资贸易博览会", "state": "held", "begins_on": "2023-06-28",
        "ends_on": "2023-07-02", "place": "大同市", "adcode": "140200", "basis": "reported",
        "source": "Newspaper page of August 2023"}, validity="2023-06-28/2023-07-02")
    names = {"trade": "示例贸易签约", "invest": "示例投资签约"}
    for row in table("expo_deals"):
        yield record(row["handle"], "deal", {
            "name_zh": names[row["kind"]] + row["handle"][-3:], "state": "signed",
            "kind": row["kind"], "amount_yuan": int(row["amount_wan"]) * 10000, "signed_at": EXPO,
        }, [("signedAt", EXPO)])


def projects():
    for row in table("key_projects"):
        yield record(row["handle"], "project", {
            "name_zh": row["name"], "state": "started", "kind": "省级重点工程",
            "list_no": row["handle"].split("/")[1][3:], "adcode": row["adcode"],
            "plan_year": [{"year": 2023, "yuan": int(row["plan_2023_yuan"])}],
            "cum": [{"period": "2023C06", "yuan": int(row["done_h1_yuan"])}],
            "rate_pct": row["rate_pct"]})
    for row in table("techreform_grants"):
        yield record(row["handle"], "project", {
            "name_zh": "示例技改项目" + row["handle"][-3:], "state": "approved", "kind": "技改",
            "list_no": row["handle"].split("/")[1][3:],
            "grant_yuan": int(row["grant_wan"]) * 10000})


def facilities():
    for row in table("coking_capacity"):
        is_large = row["large_oven"] == "1"
        yield record(row["handle"], "facility", {
            "name_zh": "示例焦炉" + row["handle"][-3:], "state": "built", "process": "焦炉",
            "capacity_wan_t": row["capacity_wan_t"], "built": True, "large_oven": is_large,
            "cdq": row["cdq"] == "1", "advanced": is_large})


def recognitions():
    for row in table("green_2023_new"):
        edition = "GB/T 36132-2018" if row["kind"] == "绿色工厂" else None
        yield record(row["handle"], "recognition", {
            "name_zh": "示例" + row["kind"] + row["handle"][-2:], "state": "认定",
            "kind": row["kind"], "batch": "2023", "standard_edition": edition})


def nodes():
    for row in table("secondary_nodes"):
        yield record("0.NA/" + row["prefix"], "secondary_node", {
            "name_zh": row["name"], "state": row["status"], "prefix": row["prefix"],
            "parent": "0.NA/" + ROOT}, [("parent", "0.NA/" + ROOT)])


def prefix_records():
    held = dict(PREFIXES)
    for row in table("enterprises"):
        held[row["prefix"]] = (row["name"], row["prefix"] + "/E")
    for prefix, (name, holder) in held.items():
        parent = "0.NA/" + prefix.rsplit(".", 1)[0]
        yield record("0.NA/" + prefix, "prefix", {
            "name_zh": name, "state": "active", "prefix": prefix, "parent": parent,
            "holder": holder}, [("parent", parent)] + ([("heldBy", holder)] if holder else []))


def teams():
    for row in table("service_teams"):
        yield record(row["handle"], "service_team", {
            "name_zh": row["team"], "state": "active", "no": int(row["handle"][-2:]),
            "firms_visited": int(row["firms_visited"]),
            "problems_solved": int(row["problems_solved"])})


def sports():
    for row in table("games_sports"):
        kind = row["handle"].split("/")[1]
        yield record(row["handle"], "sport", {
            "name_zh": f"示例{row['part']}大项{kind[-2:]}", "state": "held", "part": row["part"],
            "n_events": int(row["n_events"])})


def germplasm():
    holder = "0.NA/" + SEED_REGISTRY
    for row in table("germplasm"):
        yield record(row["handle"], "accession", {
            "name_zh": row["ACCENAME"], "state": "registered", "holder": holder,
            "CROPNAME": "大豆", "STORAGE": row["STORAGE"].split(";"),
            "coll_adcode": row["coll_adcode"],
            **{name: row[name] for name in ("ACCENUMB", "ACCENAME", "GENUS", "SPECIES", "SAMPSTAT",
                "COLLSRC", "ORIGCTY", "MLSSTAT")}}, [("heldBy", holder)])


def seeds():
    for number in (1, 2, 3):
        yield record(f"{SEED_REGISTRY}/VR.SOY.{number:04d}", "variety", {
            "name_zh": f"晋示豆{number}号", "state": "approved", "crop": "大豆",
            "upov_code": "GLYCI_MAX", "gmo": False, "breeders": ["0.NA/" + SEED_REGISTRY]},
            [("bredBy", "0.NA/" + SEED_REGISTRY)])
    for row in table("seed_lots"):
        producer = SEED_FIRM + "/E"
        yield record(row["handle"], "seed_lot", {
            "name_zh": "示例种子批" + row["handle"][-4:], "state": "tested",
            "variety": row["variety"], "producer": producer, "in_kg": row["in_kg"],
            "loss_kg": row["clean_loss_kg"], "bag_kg": row["bag_kg"], "rest_kg": row["rest_kg"],
            "bags": int(row["bags"]), "purity": row["purity_pct"], "clean": row["clean_pct"],
            "germ": row["germ_pct"], "moist": row["moist_pct"],
        }, [("variety", row["variety"]), ("producedBy", producer)])


INDICATORS = {
    "VA.CMP.YOY": ("规上工业增加值同比增速", "growth of value added", "%", "cmp", "C", "ratio"),
    "BTS.5G": ("5G基站数", "5G base stations", "个", "none", "M", "last"),
    "PJ.KEY.CUM": ("省级重点工程累计完成投资", "investment done", "亿元", "cur", "C", "sum"),
    "ST.MUN": ("市级专业镇数", "municipal specialised towns", "个", "none", "M", "last"),
}


def observation(indicator, subject, period, fields):
    target = f"{REGISTRY}/IN.{indicator}"
    return record(f"{REGISTRY}/OB.{indicator}.{subject}.{period}", "observation", {
        "state": "F", "indicator": target, "subject": subject, "period": period,
        "price": INDICATORS[indicator][3], "unit": INDICATORS[indicator][2], **fields,
    }, [("indicator", target)])


def observations():
    for code, (name_zh, name_en, unit, price, frequency, aggregation) in INDICATORS.items():
        yield record(f"{REGISTRY}/IN.{code}", "indicator", {
            "name_zh": name_zh, "name_en": name_en, "state": "active", "code": code, "unit": unit,
            "price": price, "freq": frequency, "agg": aggregation})
    for row in table("va_industry"):
        yield observation("VA.CMP.YOY", row["sector"] + row["gb4754_2"], "2023C06", {
            "name_zh": row["industry"], "value": row["growth_pct"], "base_yi": row["base_va_yi"],
            "ppi_index": row["ppi_index"], "va_cur_price_yi": row["va_cur_price_yi"]})
    for row in table("city_va"):
        yield observation("VA.CMP.YOY", row["adcode"], "2023C06", {
            "name_zh": row["city"], "value": row["growth_pct"], "base_yuan": int(row["va_base"]),
            "comparable_yuan": int(row["va_comparable"]), "pull_pp": row["pull_pp"],
            "n_enterprises": int(row["n_enterprises"])})
    for row in table("base_stations"):
        yield observation("BTS.5G", row["adcode"], "2023M06",
            {"name_zh": row["city"], "value": row["bts_5g"]})
    for row in table("towns_municipal_count"):
        yield observation("ST.MUN", row["adcode"], "2023M06",
            {"name_zh": row["city"], "value": row["n"]})
    for row in table("key_projects_cumulative"):
        yield observation("PJ.KEY.CUM", "140000", row["period"], {
            "name_zh": "省级重点工程", "value": row["done_cum_yi"], "rate_pct": row["rate_pct"],
            "time_progress_pct": row["time_progress_pct"]})


def facts():
    """What the newspaper page prints, what follows from it, and the one correction."""
    for row in table("facts"):
        yield record(f"{REGISTRY}/OB.{row['id']}", "fact", {
            "name_zh": row["subject_zh"], "name_en": row["subject_en"],
            "state": "suspect" if "SUSPECT" in row["check_result"] else "F",
            "source": "Newspaper page of August 2023",
            **{name: row[name] for name in ("id", "value", "unit", "period", "period_code",
                "comparison", "derived_check", "check_result", "object_type", "basis",
                "quote_or_basis", "note")}})
    printed, proposed = f"{REGISTRY}/OB.F050", f"{REGISTRY}/OB.F051"
    evidence = [f"{REGISTRY}/OB.F052", f"{REGISTRY}/OB.F053"]
    yield record(f"{REGISTRY}/CX.2023.0001", "correction", {
        "name_zh": "5G基站数勘误", "state": "proposed", "fact": printed, "printed": "84 万个",
        "proposed": "8.4 万个", "proposed_fact": proposed, "evidence": evidence,
        "basis": "corrected"},
        [("corrects", printed), ("proposes", proposed)] + [("evidence", e) for e in evidence])


KINDS = (enterprises, chains, towns, deals, projects, facilities, recognitions, nodes, prefix_records,
    teams, sports, germplasm, seeds, observations, facts)


def records():
    for kind in KINDS:
        yield from kind()


def prefixes():
    return [ROOT, *PREFIXES] + [row["prefix"] for row in table("enterprises")]


def main():
    if sys.argv[1:] == ["--prefixes"]:
        print("\n".join(prefixes()))
        return
    for one in records():
        print(json.dumps(one, ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main()
