"""Grafana's dashboards, as a table: what each panel asks Prometheus. Written as JSON by `just monitoring`.

Invariant: a panel asks only for metrics and labels that some process exports; a test holds that.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

COLUMNS, WIDTH, HEIGHT = 24, 8, 8
SCHEMA = 39
"""Grafana 10 and later take it."""

Unit = Literal["s", "reqps", "percentunit", "short", "ops", "bytes", "bool"]


@dataclass(frozen=True)
class Panel:
    """`asks` are PromQL and the legend of its series, `{{label}}` for a label's value."""

    title: str
    unit: Unit
    asks: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Dashboard:
    uid: str
    title: str
    panels: Sequence[Panel]


def _quantiles(histogram: str, by: str = "", where: str = "") -> list[tuple[str, str]]:
    """p50 and p95 of a histogram; with `by`, p95 of each value of that label."""
    if by:
        grouped = f"sum by ({by}, le) (rate({histogram}_bucket{where}[5m]))"
        return [(f"histogram_quantile(0.95, {grouped})", f"{{{{{by}}}}}")]
    grouped = f"sum by (le) (rate({histogram}_bucket{where}[5m]))"
    return [(f"histogram_quantile({part}, {grouped})", name) for part, name in ((0.5, "p50"), (0.95, "p95"))]


DASHBOARDS: Sequence[Dashboard] = (
    Dashboard(
        "larder-overview",
        "Larder: overview",
        (
            Panel("Alerts that fire", "short", [("sum by (severity) (larder_alerts_firing)", "{{severity}}")]),
            Panel("Requests", "reqps", [("sum by (job) (rate(larder_http_seconds_count[1m]))", "{{job}}")]),
            Panel("p95 by service (promised: 200 ms)", "s", _quantiles("larder_http_seconds", "job")),
            Panel(
                "Errors (promised: fewer than 1 %)",
                "percentunit",
                [
                    (
                        'sum by (job) (rate(larder_http_seconds_count{status=~"5.."}[5m])) '
                        "/ sum by (job) (rate(larder_http_seconds_count[5m]))",
                        "{{job}}",
                    )
                ],
            ),
            Panel("p95 by route", "s", _quantiles("larder_http_seconds", "route")),
            Panel("Requests being answered", "short", [("sum by (job) (larder_http_in_flight)", "{{job}}")]),
            Panel("Answers", "reqps", [("sum by (status) (rate(larder_http_seconds_count[1m]))", "{{status}}")]),
            Panel("Processor by process", "short", [("rate(process_cpu_seconds_total[1m])", "{{job}} {{instance}}")]),
            Panel("Memory by process", "bytes", [("process_resident_memory_bytes", "{{job}} {{instance}}")]),
            Panel("Disk in use", "percentunit", [("max by (instance) (larder_disk_used_ratio)", "{{instance}}")]),
            Panel("Connected to NATS", "bool", [("min by (job) (larder_bus_connected)", "{{job}}")]),
            Panel(
                "Let in uncounted, and spans lost",
                "ops",
                [
                    ("sum(rate(larder_limits_skipped_total[5m]))", "requests without limits"),
                    ("sum by (reason) (rate(larder_spans_lost_total[5m]))", "spans: {{reason}}"),
                ],
            ),
        ),
    ),
    Dashboard(
        "larder-order",
        "Larder: the way of an order",
        (
            Panel(
                "Orders placed",
                "ops",
                [
                    (
                        'sum by (status) (rate(larder_http_seconds_count{method="POST",route="/api/orders"}[1m]))',
                        "{{status}}",
                    )
                ],
            ),
            Panel(
                "Placing one",
                "s",
                _quantiles("larder_http_seconds", where='{method="POST",route="/api/orders"}'),
            ),
            Panel("In the outbox until JetStream has it", "s", _quantiles("larder_outbox_lag_seconds", "context")),
            Panel("Oldest event that waits", "s", [("max by (context) (larder_outbox_oldest_seconds)", "{{context}}")]),
            Panel("Published", "ops", [("sum by (context) (rate(larder_outbox_published_total[1m]))", "{{context}}")]),
            Panel("Parked", "short", [("max by (context) (larder_outbox_parked)", "{{context}}")]),
            Panel(
                "Behind in their streams",
                "short",
                [("max by (durable) (larder_follower_behind_events)", "{{durable}}")],
            ),
            Panel(
                "Applied by followers",
                "ops",
                [("sum by (stream) (rate(larder_events_followed_total[1m]))", "{{stream}}")],
            ),
            Panel("Longest wait for the stock's answer", "s", [("max(larder_orders_pending_seconds)", "oldest order")]),
            Panel(
                "The stock's answers", "ops", [("sum by (answer) (rate(larder_stock_answers_total[1m]))", "{{answer}}")]
            ),
            Panel(
                "What they did to orders",
                "ops",
                [("sum by (outcome) (rate(larder_orders_stock_answers_total[1m]))", "{{outcome}}")],
            ),
            Panel("From an event to its frames", "s", _quantiles("larder_gateway_written_seconds")),
            Panel("From an event to the numbers", "s", _quantiles("larder_analytics_lag_seconds")),
            Panel("From a price to the orders' book", "s", _quantiles("larder_price_book_age_seconds")),
            Panel("From a change to every edge", "s", _quantiles("larder_edge_lag_seconds")),
        ),
    ),
    Dashboard(
        "larder-database",
        "Larder: database and cache",
        (
            Panel(
                "Queries that take longest (p95)",
                "s",
                [
                    (f"topk(10, {expression})", legend)
                    for expression, legend in _quantiles("larder_query_seconds", "query")
                ],
            ),
            Panel(
                "Queries that take most time",
                "percentunit",
                [("topk(10, sum by (query) (rate(larder_query_seconds_sum[5m])))", "{{query}}")],
            ),
            Panel("Queries", "ops", [("topk(10, sum by (query) (rate(larder_query_seconds_count[1m])))", "{{query}}")]),
            Panel(
                "Pools in use (80 % is an alert)",
                "percentunit",
                [
                    (
                        "max by (job, pool) (larder_pool_busy_connections / larder_pool_size_connections)",
                        "{{job}} {{pool}}",
                    )
                ],
            ),
            Panel(
                "Waiting for a connection", "short", [("sum by (job, pool) (larder_pool_waiting)", "{{job}} {{pool}}")]
            ),
            Panel("How long they waited (p95)", "s", _quantiles("larder_pool_wait_seconds", "pool")),
            Panel(
                "Copies that answered (products; 80 % is promised)",
                "percentunit",
                [
                    (
                        'sum(rate(larder_cache_reads_total{kind="product",came="hit"}[5m])) '
                        '/ sum(rate(larder_cache_reads_total{kind="product",came!="asked"}[5m]))',
                        "hits",
                    )
                ],
            ),
            Panel("Copies may be served", "bool", [("max by (kind) (larder_cache_in_step)", "{{kind}}")]),
            Panel("Old copies were served for (p95)", "s", _quantiles("larder_cache_stale_seconds", "kind")),
        ),
    ),
    Dashboard(
        "larder-gateway",
        "Larder: gateway",
        (
            Panel("Sockets", "short", [("sum by (instance) (larder_gateway_sockets)", "{{instance}}")]),
            Panel("Subscribed topics", "short", [("sum by (instance) (larder_gateway_topics)", "{{instance}}")]),
            Panel("Frames", "ops", [("sum by (instance) (rate(larder_gateway_frames_total[1m]))", "{{instance}}")]),
            Panel("From an event to its first frame", "s", _quantiles("larder_gateway_queued_seconds")),
            Panel("From an event to the last socket that reads", "s", _quantiles("larder_gateway_written_seconds")),
            Panel("Frames that waited for their socket", "s", _quantiles("larder_gateway_waited_seconds")),
            Panel("Frames that wait now", "short", [("sum(larder_gateway_waiting_frames)", "frames")]),
            Panel("Closed by us", "ops", [("sum by (code) (rate(larder_gateway_closed_total[5m]))", "{{code}}")]),
            Panel(
                "Refused and dropped",
                "ops",
                [
                    ("sum by (status) (rate(larder_gateway_refused_total[5m]))", "refused: {{status}}"),
                    ("sum by (reason) (rate(larder_gateway_dropped_total[5m]))", "dropped: {{reason}}"),
                ],
            ),
            Panel("Resumed from", "ops", [("sum by (source) (rate(larder_gateway_resumes_total[5m]))", "{{source}}")]),
            Panel(
                "Wait for their turn to be told of the past",
                "short",
                [("sum(larder_gateway_waiting_replays)", "sockets")],
            ),
            Panel(
                "Breaks and holes of the stream",
                "short",
                [
                    ("sum(increase(larder_gateway_follows_total[1h]))", "consumers made in an hour"),
                    ("sum(increase(larder_gateway_holes_total[1h]))", "holes in an hour"),
                ],
            ),
        ),
    ),
)


def documents() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """File name → dashboard, as Grafana's provisioning takes it."""
    for dashboard in DASHBOARDS:
        yield f"{dashboard.uid.removeprefix('larder-')}.json", _document(dashboard)


def _document(dashboard: Dashboard) -> Mapping[str, Any]:
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "tags": ["larder"],
        "schemaVersion": SCHEMA,
        "editable": False,
        "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {
            "list": [{"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}]
        },
        "panels": [_panel(number, panel) for number, panel in enumerate(dashboard.panels)],
    }


def _panel(number: int, panel: Panel) -> Mapping[str, Any]:
    source = {"type": "prometheus", "uid": "${datasource}"}
    row, place = divmod(number, COLUMNS // WIDTH)
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": source,
        "gridPos": {"x": place * WIDTH, "y": row * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {"tooltip": {"mode": "multi", "sort": "desc"}},
        "targets": [
            {"refId": chr(ord("A") + index), "datasource": source, "expr": expression, "legendFormat": legend}
            for index, (expression, legend) in enumerate(panel.asks)
        ],
    }
