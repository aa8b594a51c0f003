"""The room of who may do what: users, CPOs, memberships, tokens and the tenant scope."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "cpo_portal.accounts"
    label = "accounts"
    verbose_name = "Team and access"
