"""Tag groups of DEG v1: `{descriptor: {code}, list: [{descriptor: {code}, value}]}`, read and written."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from beckn.protocol.reading import MAX_TEXT, Json, child, children, text

#: (group code, [(tag code, value, path of the value)]) in the order sent.
Groups = list[tuple[str, list[tuple[str, str, str]]]]


def read_groups(parent: Json, path: str) -> Groups:
    """Return the groups of `parent.tags`, codes in lower case, "" for a missing one; raises ProtocolFault."""
    groups: Groups = []
    for index, group in enumerate(children(parent, "tags", path)):
        group_path = f"{path}.tags[{index}]"
        code = text(child(group, "descriptor", group_path), "code", f"{group_path}.descriptor").lower()
        entries = []
        for position, tag in enumerate(children(group, "list", group_path)):
            tag_path = f"{group_path}.list[{position}]"
            tag_code = text(child(tag, "descriptor", tag_path), "code", f"{tag_path}.descriptor").lower()
            entries.append((tag_code, text(tag, "value", tag_path, limit=MAX_TEXT), f"{tag_path}.value"))
        groups.append((code, entries))
    return groups


def find_group(groups: Groups, code: str) -> dict[str, tuple[str, str]] | None:
    """Return {tag code: (value, path)} of the first group of this code, None where there is none."""
    for group_code, entries in groups:
        if group_code == code:
            return {tag_code: (value, path) for tag_code, value, path in entries}
    return None


@cache
def title_of(code: str) -> str:
    """Return the words people read for a code: "offer-details" is "Offer Details", "item_id" is "Item Id"."""
    return code.replace("-", " ").replace("_", " ").title()


def write_group(code: str, entries: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return a group whose entries keep their order; an entry with an empty value is left out."""
    return {
        "descriptor": {"code": code, "name": title_of(code)},
        "list": [
            {"descriptor": {"code": tag_code, "name": title_of(tag_code)}, "value": value}
            for tag_code, value in entries
            if value
        ],
    }
