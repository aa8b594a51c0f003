"""Users, CPOs, who works for whom in which role, and the API tokens that act for a CPO."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower

from cpo_portal.accounts.tenancy import TenantModel

#: Days for which bodies of messages may be kept: a dispute takes a month, accounts are closed after ten years.
SHORTEST_RETENTION, LONGEST_RETENTION = 30, 3650


class UserManager(BaseUserManager["User"]):
    """Makes users by e-mail address."""

    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        # Everybody signs in to the admin; what a person sees there follows from the memberships.
        user = self.model(email=self.normalize_email(email), **{"is_staff": True, **fields})
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractUser):
    """A person who signs in by e-mail address; a superuser is an operator of the platform."""

    username = None  # type: ignore[assignment]
    email = models.EmailField("e-mail address", unique=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()  # type: ignore[misc,assignment]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique")]

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    @property
    def is_platform_operator(self) -> bool:
        return self.is_active and self.is_superuser


class Cpo(models.Model):
    """A Charge Point Operator: identity only; each room keeps its own settings of a CPO."""

    provider_id = models.CharField(
        "provider id",
        max_length=100,
        unique=True,
        validators=[RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9._-]*$", "Use letters, digits, dots and hyphens.")],
        help_text="How buyer apps name this CPO, for example cpo1.com; it cannot be changed later.",
    )
    name = models.CharField(max_length=200)
    short_desc = models.CharField("short description", max_length=300, blank=True)
    image_url = models.URLField("logo address", blank=True)
    country = models.CharField(max_length=3, default="IND", help_text="ISO 3166-1 alpha-3.")
    currency = models.CharField(max_length=3, default="INR", help_text="ISO 4217.")
    time_zone = models.CharField(max_length=64, default="Asia/Kolkata")
    support_phone = models.CharField(max_length=40, blank=True)
    support_email = models.EmailField(blank=True)
    support_url = models.URLField(blank=True)
    message_retention_days = models.PositiveSmallIntegerField(
        "keep messages (days)",
        null=True,
        blank=True,
        validators=[MinValueValidator(SHORTEST_RETENTION), MaxValueValidator(LONGEST_RETENTION)],
        help_text="Bodies of messages hold names and phone numbers. Empty: as long as the platform keeps them.",
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "CPO"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a member may do: manage everything and members; author and operate; only look."""

    OWNER = "OWNER", "Owner"
    MANAGER = "MANAGER", "Manager"
    ANALYST = "ANALYST", "Analyst"


class Membership(TenantModel):
    """A user's role at one CPO."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.ANALYST)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "member"
        constraints = [models.UniqueConstraint(fields=["cpo", "user"], name="membership_once_per_cpo")]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"


class TokenScope(models.TextChoices):
    """What an API token may call."""

    STAFF_READ = "STAFF_READ", "Staff API, read only"
    STAFF = "STAFF", "Staff API, read and change"
    CHARGING_SYSTEM = "CHARGING_SYSTEM", "Charging system"


class ApiToken(TenantModel):
    """A token of a CPO: only its SHA-256 is stored; `prefix` tells people which one it is."""

    name = models.CharField(max_length=100)
    scope = models.CharField(max_length=20, choices=TokenScope)
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "API token"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
