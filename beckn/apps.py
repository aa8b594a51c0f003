from django.apps import AppConfig


class BecknConfig(AppConfig):
    name = "beckn"
