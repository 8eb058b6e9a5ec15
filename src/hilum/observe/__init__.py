"""Telemetry: how the hub is doing, told to monitors: metrics, traces, health, promises kept, alerts."""

from hilum.observe.catalogue import METRICS, Kind, Metric, Scope
from hilum.observe.probe import PATHS, Answer, Probe
from hilum.observe.telemetry import Telemetry

__all__ = ["METRICS", "PATHS", "Answer", "Kind", "Metric", "Probe", "Scope", "Telemetry"]
