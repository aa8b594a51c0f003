from django.apps import AppConfig


class OffersConfig(AppConfig):
    name = "offers"

    def ready(self) -> None:
        from offers import products, segments  # noqa: F401  tell lower rooms which offers use a product or a segment
