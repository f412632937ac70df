from django.apps import AppConfig


class Sharding(AppConfig):
    name = "heliograph.sharding"
    label = "sharding"
    default_auto_field = "django.db.models.BigAutoField"
