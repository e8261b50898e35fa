"""Block Kit, as strictly as Slack reads it: which blocks a message may have, and how long their texts.

Numbers: Slack's block and block element reference; a text's length is counted in code points.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.lab.doubles.slack.texts import check_string, check_text

_BLOCKS = 50
_FIELDS = 10
_CONTEXT = 10
_ACTIONS = 25
_ID = 255

# A complaint: what is wrong, and the JSON pointer to it.
Complaint = tuple[str, str]
Complaints = Iterator[Complaint]


def complaints(blocks: Any) -> list[str]:
    """What Slack would say against these blocks; empty where it takes them."""
    if not isinstance(blocks, list):
        return ["[ERROR] expected an array [json-pointer:/blocks]"]
    return [f"[ERROR] {what} [json-pointer:{where}]" for what, where in _message(blocks)]


def _message(blocks: list[Any]) -> Complaints:
    if len(blocks) > _BLOCKS:
        yield f"no more than {_BLOCKS} items allowed", "/blocks"
    for number, block in enumerate(blocks):
        yield from _block(block, f"/blocks/{number}")
    yield from _twice([(block, f"/blocks/{n}") for n, block in enumerate(blocks)], "block_id")
    elements = [
        (element, f"/blocks/{n}/elements/{m}")
        for n, block in enumerate(blocks)
        if isinstance(block, dict) and isinstance(block.get("elements"), list)
        for m, element in enumerate(block["elements"])
    ]
    yield from _twice(elements, "action_id")


def _block(block: Any, where: str) -> Complaints:
    check = _CHECKS.get(block.get("type", "")) if isinstance(block, dict) else None
    if check is None:
        yield "unsupported type", f"{where}/type"
        return
    allowed, inner = check
    yield from _members(block, allowed | {"type", "block_id"}, where)
    yield from check_string(block.get("block_id"), _ID, f"{where}/block_id", needed=False)
    yield from inner(block, where)


def _section(block: Mapping[str, Any], where: str) -> Complaints:
    if "text" not in block and "fields" not in block:
        yield "missing required field: text or fields", where
    if "text" in block:
        yield from check_text(block["text"], 3000, f"{where}/text")
    if "fields" in block:
        yield from _list(block["fields"], _FIELDS, f"{where}/fields")
        for number, field in enumerate(_items(block["fields"])):
            yield from check_text(field, 2000, f"{where}/fields/{number}")
    if "accessory" in block:
        yield from _button(block["accessory"], f"{where}/accessory")


def _header(block: Mapping[str, Any], where: str) -> Complaints:
    yield from check_text(block.get("text"), 150, f"{where}/text", kinds={"plain_text"})


def _context(block: Mapping[str, Any], where: str) -> Complaints:
    yield from _list(block.get("elements"), _CONTEXT, f"{where}/elements")
    for number, element in enumerate(_items(block.get("elements"))):
        at = f"{where}/elements/{number}"
        image = isinstance(element, dict) and element.get("type") == "image"
        yield from _image(element, at) if image else check_text(element, 3000, at)


def _actions(block: Mapping[str, Any], where: str) -> Complaints:
    yield from _list(block.get("elements"), _ACTIONS, f"{where}/elements")
    for number, element in enumerate(_items(block.get("elements"))):
        yield from _button(element, f"{where}/elements/{number}")


def _button(button: Any, where: str) -> Complaints:
    if not isinstance(button, dict) or button.get("type") != "button":
        yield "unsupported type", f"{where}/type"
        return
    known = {"type", "text", "url", "value", "action_id", "style", "confirm", "accessibility_label"}
    yield from _members(button, known, where)
    yield from check_text(button.get("text"), 75, f"{where}/text", kinds={"plain_text"})
    for name, most in (("url", 3000), ("value", 2000), ("action_id", _ID), ("accessibility_label", 75)):
        yield from check_string(button.get(name), most, f"{where}/{name}", needed=False)
    if button.get("style") not in {None, "primary", "danger"}:
        yield "must be a valid enum value", f"{where}/style"
    if "url" in button and not str(button["url"]).startswith(("https://", "http://")):
        yield "must be a valid URL", f"{where}/url"


def _image(block: Mapping[str, Any], where: str) -> Complaints:
    yield from check_string(block.get("image_url"), 3000, f"{where}/image_url")
    yield from check_string(block.get("alt_text"), 2000, f"{where}/alt_text")
    if "title" in block:
        yield from check_text(block["title"], 2000, f"{where}/title", kinds={"plain_text"})


def _markdown(block: Mapping[str, Any], where: str) -> Complaints:
    yield from check_string(block.get("text"), 12000, f"{where}/text")


def _divider(block: Mapping[str, Any], where: str) -> Complaints:
    yield from ()


_CHECKS: dict[str, tuple[set[str], Callable[[Mapping[str, Any], str], Complaints]]] = {
    "section": ({"text", "fields", "accessory", "expand"}, _section),
    "header": ({"text"}, _header),
    "context": ({"elements"}, _context),
    "actions": ({"elements"}, _actions),
    "image": ({"image_url", "alt_text", "title"}, _image),
    "markdown": ({"text"}, _markdown),
    "divider": (set(), _divider),
}


def _members(found: Mapping[str, Any], allowed: set[str], where: str) -> Complaints:
    for name in sorted(set(found) - allowed):
        yield f"additional property: {name}", where


def _list(items: Any, most: int, where: str) -> Complaints:
    if not isinstance(items, list) or not items:
        yield "must provide at least 1 item", where
    elif len(items) > most:
        yield f"no more than {most} items allowed", where


def _items(items: Any) -> list[Any]:
    return items if isinstance(items, list) else []


def _twice(found: list[tuple[Any, str]], name: str) -> Complaints:
    seen: set[str] = set()
    for item, where in found:
        value = item.get(name) if isinstance(item, dict) else None
        if value in seen:
            yield f"`{name}` must be unique", f"{where}/{name}"
        if isinstance(value, str):
            seen.add(value)
