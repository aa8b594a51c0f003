from django.apps import AppConfig


class NetworkConfig(AppConfig):
    name = "cpo_portal.network"
    label = "network"
