"""Imported by every `conftest.py`: how fast a machine is decides about no test."""

from hypothesis import HealthCheck, settings

settings.register_profile("comfydock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("comfydock")
