"""API tokens: making, checking and revoking them, and the DRF classes that turn one into a CPO scope."""

from __future__ import annotations

import hashlib
import re
import secrets
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.http import Http404
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotFound, Throttled
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from cpo_portal.accounts.models import ApiToken, Cpo, TokenScope, User
from cpo_portal.accounts.rates import Buckets, address_of
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo


def create_token(
    cpo: Cpo, *, name: str, scope: TokenScope, expires_at: datetime | None = None, created_by: User | None = None
) -> tuple[ApiToken, str]:
    """Make a token; the second value is its text, which is shown once and cannot be read again."""
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    text = f"cpo_{prefix}_{secret}"
    with cpo_scope(cpo):
        token = ApiToken.objects.create(
            cpo=cpo,
            name=name,
            scope=scope,
            prefix=prefix,
            digest=hashlib.sha256(text.encode()).digest(),
            expires_at=expires_at,
            created_by=created_by,
        )
    return token, text


def revoke_token(token: ApiToken, now: datetime) -> bool:
    """Close the token for good; False when it was closed before."""
    with cpo_scope(token.cpo):
        return ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now) == 1


def find_token(text: str, now: datetime) -> ApiToken | None:
    """Return the live token with this text, or None."""
    with every_cpo():
        return (
            ApiToken.objects.select_related("cpo")
            .filter(digest=hashlib.sha256(text.encode()).digest(), revoked_at=None, cpo__is_active=True)
            .filter(Q(expires_at=None) | Q(expires_at__gt=now))
            .first()
        )


@dataclass(frozen=True, slots=True)
class TokenUser:
    """The `request.user` of a token: no person, so no right beyond the token's scope."""

    token: ApiToken
    is_authenticated: bool = True
    is_active: bool = True
    pk: None = None


#: Wrong tokens of an address: some at once, for a typing error is no attack, then one in two seconds.
_failures = Buckets(rate=0.5, burst=20)
#: Digests of tokens that were right lately: their callers do not suffer from a neighbour behind the same address.
_good: dict[bytes, None] = {}
MOST_GOOD = 10_000


def _remember(digest: bytes) -> None:
    _good[digest] = None
    if len(_good) > MOST_GOOD:
        _good.pop(next(iter(_good)), None)


def forget_failures() -> None:
    """Forget in this process who brought wrong tokens, and who right ones."""
    _failures.forget()
    _good.clear()


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer cpo_…` → `request.user` = TokenUser, `request.auth` = ApiToken."""

    def authenticate(self, request: Request) -> tuple[TokenUser, ApiToken] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() not in {b"bearer", b"token"}:
            return None
        address, digest = address_of(request.META), hashlib.sha256(b" ".join(parts[1:])).digest()
        if _failures.is_empty(address) and digest not in _good:
            raise Throttled(_failures.take(address), "Too many wrong tokens came from this address; wait.")
        now = timezone.now()
        token = find_token(parts[1].decode("latin-1"), now) if len(parts) == 2 else None
        if token is None:
            _good.pop(digest, None)
            _failures.take(address)
            raise AuthenticationFailed("The token is unknown, revoked or expired; ask the CPO for a new one.")
        _remember(digest)
        if token.last_used_at is None or now - token.last_used_at > timedelta(minutes=5):
            with cpo_scope(token.cpo):
                ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        return TokenUser(token), token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class DenyAll(BasePermission):
    """The default: a view that names no permission is closed."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return False


class HasScope(BasePermission):
    """Ask for one of the view's `token_scopes`; changing asks for one of its `write_scopes` where given."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, ApiToken):
            return False
        safe = request.method in {"GET", "HEAD", "OPTIONS"}
        allowed = view.token_scopes if safe else getattr(view, "write_scopes", view.token_scopes)
        return request.auth.scope in allowed


class TokenScopedMixin:
    """A DRF view whose whole handling happens inside the token's CPO."""

    permission_classes: Any = [HasScope]
    token_scopes: frozenset[str] = frozenset({TokenScope.STAFF, TokenScope.STAFF_READ})
    write_scopes: frozenset[str] = frozenset({TokenScope.STAFF})
    request: Any

    @property
    def cpo(self) -> Cpo:
        """Return the token's CPO."""
        cpo: Cpo = self.request.auth.cpo
        return cpo

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        with ExitStack() as self._scope:
            return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]

    def perform_authentication(self, request: Request) -> None:
        super().perform_authentication(request)  # type: ignore[misc]
        if isinstance(request.auth, ApiToken):
            self._scope.enter_context(cpo_scope(request.auth.cpo))


def explain_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's handler, with one shape for every refusal: {"error": {"code", "message", "fields"?}}."""
    # Imported here: DRF's views read the settings, which name this module, while it is being imported.
    from rest_framework.views import exception_handler

    if isinstance(error, Http404):
        error = NotFound(_missing(str(error)))
    response = exception_handler(error, context)
    if response is None:
        return None
    detail = response.data
    code = getattr(error, "default_code", "error")
    if isinstance(detail, dict) and set(detail) == {"detail"}:
        codes = error.get_codes() if hasattr(error, "get_codes") else code
        code = codes if isinstance(codes, str) else code
        body: dict[str, Any] = {"code": code, "message": str(detail["detail"])}
    else:
        body = {"code": "invalid", "message": "Correct the fields named in `fields`.", "fields": detail}
    response.data = {"error": body}
    return response


def _missing(said: str) -> str:
    """Return the sentence on what was not found: Django says “No SurgeSchedule matches the given query.”"""
    named = re.match(r"No (\w+) matches ", said)
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", named.group(1)).lower() if named else "thing"
    return f"You have no such {kind}: take its id from the list."
