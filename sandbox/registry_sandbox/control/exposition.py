"""The metrics as Prometheus reads them. This module imports its library, so it is imported at the first scrape."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from registry_sandbox import __version__
from registry_sandbox.control.metrics import StoreFigures
from registry_sandbox.registry.tally import BOUNDS_S, Durations, Tally
from registry_sandbox.workspace import Workspace

_BOUNDS = (*(f"{bound_s:g}" for bound_s in BOUNDS_S), "+Inf")


def families(tally: Tally, workspaces: Sequence[Workspace], lags: Durations, uptime_s: float) -> list[Metric]:
    """Return the metrics with their values now."""
    dropped = tally.dropped + sum(each.journal.dropped for each in workspaces)
    lasted: dict[tuple[str, ...], Durations] = {(name,): each for name, each in tally.durations.items()}
    return [
        _counter("exchanges", "Finished exchanges", ("interaction", "status", "fault"), tally.exchanges),
        _counter("refusals", "Refusals, by the Spine code", ("interaction", "spine_code"), tally.refusals),
        _histogram("exchange_duration_seconds", "How long finished exchanges lasted", ("interaction",), lasted),
        _histogram("event_loop_lag_seconds", "How late the event loop ran timers", (), {(): lags}),
        _counter("journal_dropped", "Exchanges that journals no longer have", (), {(): dropped}),
        *_gauges(workspaces),
        _gauge("uptime_seconds", "Time since the start", (), {(): uptime_s}),
        _gauge("build_info", "The version, as a label", ("version",), {(__version__,): 1}),
    ]


def of_store(store: StoreFigures) -> list[Metric]:
    """Return the metrics of a replica: how its store answers."""
    return [
        _histogram("store_duration_seconds", "How long calls of the store took", (), {(): store.lasted}),
        _counter("store_failures", "Calls of the store that failed", (), {(): store.failures}),
        _gauge("store_up", "Whether the store answers", (), {(): not store.trouble}),
        _counter("journal_lost", "Exchanges that could not be written to the journal", (), {(): store.lost}),
    ]


def encoded(metrics: Iterable[Metric], accept: str) -> tuple[str, bytes]:
    """Return the media type and the text that a scrape with this `Accept` gets. The process's own metrics are added."""
    registry = CollectorRegistry()
    registry.register(_Taken(metrics))
    ProcessCollector(registry=registry)
    encode, media_type = choose_encoder(accept)
    return media_type, encode(registry)


class _Taken(Collector):
    """Metrics whose values have been taken."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterator[Metric]:
        return iter(self._metrics)


def _gauges(workspaces: Sequence[Workspace]) -> Iterator[Metric]:
    """Yield what all workspaces have together."""
    yield _gauge("workspaces", "Workspaces that there are", (), {(): len(workspaces)})
    appointments = sum(len(each.service.registry) for each in workspaces)
    yield _gauge("appointments", "Appointments that the registry holds", (), {(): appointments})
    rules: Counter[tuple[str, ...]] = Counter((live.source,) for each in workspaces for live in each.engine)
    yield _gauge("fault_rules", "Fault rules in force, by where they came from", ("source",), rules)
    exchanges = sum(len(each.journal) for each in workspaces)
    yield _gauge("journal_exchanges", "Exchanges that journals have", (), {(): exchanges})
    yield _gauge("journal_bytes", "Memory that they take, roughly", (), {(): sum(e.journal.bytes for e in workspaces)})
    waiting: Counter[tuple[str, ...]] = Counter(
        (state,) for each in workspaces for state in each.journal.waiting_states()
    )
    yield _gauge("exchanges_under_way", "Exchanges that wait, by what for", ("state",), waiting)


def _counter(name: str, told: str, labels: Sequence[str], values: Mapping[tuple[str, ...], float]) -> Metric:
    family = CounterMetricFamily(f"sandbox_{name}", f"{told}.", labels=labels)
    for each, value in values.items():
        family.add_metric(each, value)
    return family


def _gauge(name: str, told: str, labels: Sequence[str], values: Mapping[tuple[str, ...], float]) -> Metric:
    family = GaugeMetricFamily(f"sandbox_{name}", f"{told}.", labels=labels)
    for each, value in values.items():
        family.add_metric(each, value)
    return family


def _histogram(name: str, told: str, labels: Sequence[str], values: Mapping[tuple[str, ...], Durations]) -> Metric:
    family = HistogramMetricFamily(f"sandbox_{name}", f"{told}.", labels=labels)
    for each, durations in values.items():
        buckets = list(zip(_BOUNDS, accumulate(durations.buckets), strict=True))
        family.add_metric(each, buckets, durations.sum_s)
    return family
