"""The path at the head of a page in the words of the menu."""

from __future__ import annotations

from typing import Any

from django import template
from django.apps import apps
from django.utils.module_loading import import_string
from django.utils.text import capfirst
from unfold.settings import get_config

register = template.Library()


@register.simple_tag(takes_context=True)
def crumbs(context: Any, parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the theme's path with the menu's titles; a row's own name stays as it is written, an add page says so.

    A page of its own below a list or a row names itself by `request.crumb`.
    """
    request = context["request"]
    links = {str(part["link"]): place for place, part in enumerate(parts) if part.get("link")}
    named = [
        {"title": part["title"] if place > 1 else capfirst(part["title"]), "link": part.get("link")}
        for place, part in enumerate(parts)
    ]
    repeated: set[int] = set()
    for group in _menu(request):
        for item in group["items"]:
            place = links.get(str(item["link"]))
            if place and "title" in group:
                named[place]["title"] = item["title"]
                named[place - 1] = {"title": group["title"], "link": None}
                # A group that is called like its list says nothing beside it.
                if group["title"] == item["title"]:
                    repeated.add(place - 1)
    match = getattr(request, "resolver_match", None)
    if match is not None and (match.url_name or "").endswith("_add"):
        app_label, model_name = match.url_name.removesuffix("_add").rsplit("_", 1)
        named.append({"title": f"Add {apps.get_model(app_label, model_name)._meta.verbose_name}", "link": None})
    if getattr(request, "crumb", ""):
        named.append({"title": request.crumb, "link": None})
    return [part for place, part in enumerate(named) if place not in repeated]


def _menu(request: Any) -> list[dict[str, Any]]:
    navigation = get_config()["SIDEBAR"]["navigation"]
    navigation = import_string(navigation) if isinstance(navigation, str) else navigation
    found: list[dict[str, Any]] = navigation(request) if callable(navigation) else navigation
    return found
