"""Every address of the portal, as the URLconf has it: what a route is called, and how to write its address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True, slots=True)
class Route:
    """`key` is the name in the rules: "network.location change" for a page of a model, else the route's own name."""

    key: str
    pattern: str
    methods: tuple[str, ...]
    model: type[Model] | None = None

    @property
    def page(self) -> str:
        return self.key.rpartition(" ")[2]

    @property
    def parameters(self) -> list[str]:
        """Return the names of what the address holds."""
        return re.findall(r"<(?:\w+:)?(\w+)>", self.pattern)

    def address(self, **values: Any) -> str:
        """Return the address with these values in the places of its parameters."""
        text = re.sub(
            r"\(\?P<(\w+)>(?:[^()\[\]]|\[[^\]]*\])*\)|<(?:\w+:)?(\w+)>",
            lambda found: str(values[found[1] or found[2]]),
            self.pattern,
        )
        return "/" + text.replace("^", "").replace("$", "")


def every_route() -> list[Route]:
    """Return all routes; one that stands there twice (a button of the page and of the list) once."""
    found: dict[str, Route] = {}
    for pattern, way in _walk(get_resolver(), ""):
        route = _route(pattern, way)
        found.setdefault(route.key, route)
    return list(found.values())


def _walk(resolver: URLResolver, way: str) -> list[tuple[URLPattern, str]]:
    found = []
    for entry in resolver.url_patterns:
        here = way + str(entry.pattern)
        found += _walk(entry, here) if isinstance(entry, URLResolver) else [(entry, here)]
    return found


def _route(pattern: URLPattern, way: str) -> Route:
    for model in admin.site._registry:
        prefix = f"admin/{model._meta.app_label}/{model._meta.model_name}/"
        if way.startswith(prefix):
            page = (pattern.name or "short").removeprefix(f"{model._meta.app_label}_{model._meta.model_name}_")
            return Route(f"{model._meta.label_lower} {page}", way, ("GET", "POST"), model)
    site = "admin:" if way.startswith("admin/") else ""
    return Route(site + (pattern.name or way), way, _methods(pattern.callback))


def _methods(view: Any) -> tuple[str, ...]:
    actions = getattr(view, "actions", None)
    cls = getattr(view, "cls", None) or getattr(view, "view_class", None)
    names = actions or [name for name in ("get", "post", "put", "patch", "delete") if hasattr(cls, name)]
    return tuple(sorted(name.upper() for name in names if name != "head")) if cls else ("GET", "POST")


def api_routes() -> list[Route]:
    """Return the routes of the APIs below /api/."""
    return [route for route in every_route() if route.pattern.startswith("api/")]


def model_routes() -> list[Route]:
    """Return the pages of the admin that belong to a model."""
    return [route for route in every_route() if route.model is not None]
