from django.apps import AppConfig


class ChargingConfig(AppConfig):
    name = "cpo_portal.charging"
    label = "charging"
