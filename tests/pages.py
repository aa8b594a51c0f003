"""What a browser sends of a page that it shows."""

from __future__ import annotations

from html.parser import HTMLParser


class Inputs(HTMLParser):
    """Collects what a browser would send of the page's main form."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self.select, self.text = "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        name, value = said.get("name") or "", said.get("value") or ""
        if tag == "input" and name and said.get("type") not in ("submit", "button", "file"):
            if said.get("type") not in ("checkbox", "radio") or "checked" in said:
                self.sent.setdefault(name, []).append(value or ("on" if said.get("type") == "checkbox" else ""))
        elif tag == "select":
            self.select = name
        elif tag == "option" and "selected" in said and self.select:
            self.sent.setdefault(self.select, []).append(value)
        elif tag == "textarea":
            self.text = name
            self.sent[name] = [""]

    def handle_data(self, data: str) -> None:
        if self.text:
            self.sent[self.text][0] += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = ""
        if tag == "textarea":
            self.text = ""


def what_a_browser_sends(page: str) -> dict[str, list[str]]:
    inputs = Inputs()
    inputs.feed(page)
    # The rows that a script copies stand in the page too, and say nothing.
    return {name: values for name, values in inputs.sent.items() if "__" not in name}
