from django.apps import AppConfig


class OffersConfig(AppConfig):
    name = "offers"

    def ready(self) -> None:
        from offers import segments  # noqa: F401  tells charging which offers use a segment
