"""The runtime: takes messages in, translates and delivers them in order, and repeats or holds what cannot go on."""

from hilum.runtime.hub import ROLES, Hub
from hilum.runtime.observer import Observer, Observers
from hilum.runtime.schema import COMPONENTS, prepare

__all__ = ["COMPONENTS", "ROLES", "Hub", "Observer", "Observers", "prepare"]
