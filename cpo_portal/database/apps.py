"""The room of what PostgreSQL itself holds for us: roles, append-only triggers, partitions."""

from django.apps import AppConfig


class DatabaseConfig(AppConfig):
    name = "cpo_portal.database"
    label = "database"
