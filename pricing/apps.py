from django.apps import AppConfig


class PricingConfig(AppConfig):
    name = "pricing"

    def ready(self) -> None:
        from pricing import subscriptions  # noqa: F401  tells the room below which tariffs energy may be kept for
        from pricing.surges import naming  # noqa: F401  tell lower rooms which surges use a segment or a product
