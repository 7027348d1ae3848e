"""Alerts about the service itself and its feeds that only Prometheus can tell: who watches from outside sees it die.

Each says when it fires and when it stays silent, as series that promtool plays (`tests/service/alerts/test_prometheus.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

BOOK = 'job="steelyard",venue="okx",market="spot",symbol="BTC-USDT"'
VENUE = 'job="steelyard",instance="a",venue="okx"'
SELF = 'job="steelyard",instance="a"'
FEED = 'job="steelyard",venue="okx",product="public",route=""'


@dataclass(frozen=True, slots=True)
class ServiceRule:
    """A Prometheus rule. `fires`, `silent`: series -> values in promtool's notation, one each five seconds."""

    alert: str
    expr: str
    hold: str
    severity: str
    summary: str
    description: str
    fires: dict[str, str]
    silent: dict[str, str]
    at: str = "10m"
    keep: str = ""
    labels: dict[str, str] = field(default_factory=dict)


def buckets(name: str, labels: str, by_bound: dict[str, str]) -> dict[str, str]:
    """The series of a histogram."""
    return {f'{name}_bucket{{{labels},le="{bound}"}}': values for bound, values in by_bound.items()}


RULES = (
    ServiceRule(
        "ObiTargetDown",
        'up{job="steelyard"} == 0',
        "30s",
        "critical",
        "Steelyard at {{ $labels.instance }} does not answer",
        "Prometheus cannot scrape it. No alert of its own can be relied on until it is back.",
        {'up{job="steelyard",instance="a"}': "0x120"},
        {'up{job="steelyard",instance="a"}': "1x120"},
    ),
    ServiceRule(
        "ObiAbsent",
        'absent(up{job="steelyard"})',
        "1m",
        "critical",
        "No Steelyard is watched at all",
        "Prometheus has no target of the job steelyard: its configuration, or what finds targets, is wrong.",
        {'up{job="other",instance="a"}': "1x120"},
        {'up{job="steelyard",instance="a"}': "1x120"},
    ),
    ServiceRule(
        "ObiNoBooks",
        'sum by (job, instance) (obi_book_state{state="live"}) == 0',
        "1m",
        "critical",
        "{{ $labels.instance }}: no book is live",
        "The service runs and has nothing to say: its network, or every venue, is gone.",
        {f'obi_book_state{{{BOOK},instance="a",state="live"}}': "0x120"},
        {f'obi_book_state{{{BOOK},instance="a",state="live"}}': "1x120"},
    ),
    ServiceRule(
        "ObiNoMessages",
        "sum by (job, venue) (rate(obi_feed_frames_total[1m])) == 0",
        "1m",
        "warning",
        "{{ $labels.venue }}: nothing was received for a minute",
        "Connections may be open and silent. Books of theirs become stale once the venue's heartbeat is missed.",
        {f"obi_feed_frames_total{{{FEED}}}": "100x120"},
        {f"obi_feed_frames_total{{{FEED}}}": "100+5x120"},
    ),
    ServiceRule(
        "ObiFeedStale",
        "obi_message_age_seconds > 60",
        "30s",
        "warning",
        "{{ $labels.venue }} {{ $labels.product }}: its quietest connection is silent for {{ $value | humanizeDuration }}",
        "A connection of this product has sent nothing for a minute.",
        {f"obi_message_age_seconds{{{FEED}}}": "0+5x120"},
        {f"obi_message_age_seconds{{{FEED}}}": "0 1 2 1x117"},
        keep="1m",
    ),
    ServiceRule(
        "ObiGapRate",
        "sum by (job, venue) (increase(obi_book_gaps_total[15m])) > 10",
        "0s",
        "warning",
        '{{ $labels.venue }}: {{ $value | printf "%.0f" }} losses in a quarter of an hour',
        "Messages are lost between the venue and here, or this process is too slow to read them.",
        {f"obi_book_gaps_total{{{BOOK}}}": "0+1x120"},
        {f"obi_book_gaps_total{{{BOOK}}}": "0x60 1x60"},
        keep="5m",
    ),
    ServiceRule(
        "ObiResyncLoop",
        "sum by (job, venue, market, symbol) (increase(obi_book_resyncs_total[10m])) > 6",
        "0s",
        "warning",
        '{{ $labels.symbol }} on {{ $labels.venue }}: taken anew {{ $value | printf "%.0f" }} times in ten minutes',
        "The book does not stay live: each new snapshot is lost again soon. The reason stands at the book.",
        {f'obi_book_resyncs_total{{{BOOK},reason="gap"}}': "0+1x120"},
        {f'obi_book_resyncs_total{{{BOOK},reason="gap"}}': "0x60 1x60"},
        keep="5m",
    ),
    ServiceRule(
        "ObiChecksumFails",
        'sum by (job, venue, market, symbol) (increase(obi_book_checksums_total{result="failed"}[15m])) > 2',
        "0s",
        "critical",
        '{{ $labels.symbol }} on {{ $labels.venue }}: {{ $value | printf "%.0f" }} checksums failed',
        "The book here is not the venue's, again and again. Its values were withdrawn each time.",
        {f'obi_book_checksums_total{{{BOOK},result="failed"}}': "0x60 0+1x60"},
        {f'obi_book_checksums_total{{{BOOK},result="failed"}}': "0x120"},
        keep="5m",
    ),
    ServiceRule(
        "ObiLatencyHigh",
        "histogram_quantile(0.5, sum by (job, venue, le) (rate(obi_feed_latency_seconds_bucket[2m]))) > 1",
        "2m",
        "warning",
        "{{ $labels.venue }}: messages arrive {{ $value | humanizeDuration }} late",
        "Receive time minus the venue's time, median over its messages: the network, the venue, or this process lags.",
        buckets(
            "obi_feed_latency_seconds",
            VENUE,
            {"0.1": "0x120", "1.0": "0x120", "2.5": "0+10x120", "+Inf": "0+10x120"},
        ),
        buckets(
            "obi_feed_latency_seconds",
            VENUE,
            {"0.1": "0+10x120", "1.0": "0+10x120", "2.5": "0+12x120", "+Inf": "0+12x120"},
        ),
        keep="2m",
    ),
    ServiceRule(
        "ObiClockSkew",
        "quantile by (job, venue) (0.5, avg_over_time(obi_book_latency_seconds[1m])) < -0.1",
        "2m",
        "warning",
        "{{ $labels.venue }}: messages seem to arrive {{ $value | humanizeDuration }} after they were sent",
        "Nothing arrives before it is sent: the clock here, or the venue's, is wrong. Latency is not to be believed.",
        {f"obi_book_latency_seconds{{{BOOK}}}": "-1x120"},
        {f"obi_book_latency_seconds{{{BOOK}}}": "-0.01x120"},
    ),
    ServiceRule(
        "ObiStreamDrops",
        "sum by (job, instance) (rate(obi_stream_missed_total[5m])) > 0.5 * "
        "sum by (job, instance) (rate(obi_stream_messages_total[5m]))",
        "5m",
        "info",
        "{{ $labels.instance }}: clients of the stream pass over many updates",
        "More than every third update gave way to a newer one before a client took it: clients or networks are slow.",
        {
            'obi_stream_missed_total{job="steelyard",instance="a"}': "0+10x150",
            'obi_stream_messages_total{job="steelyard",instance="a"}': "0+10x150",
        },
        {
            'obi_stream_missed_total{job="steelyard",instance="a"}': "0+1x150",
            'obi_stream_messages_total{job="steelyard",instance="a"}': "0+10x150",
        },
        at="12m",
    ),
    ServiceRule(
        "ObiLoopLag",
        "histogram_quantile(0.99, sum by (job, instance, le) (rate(obi_loop_lag_seconds_bucket[5m]))) > 0.1",
        "2m",
        "warning",
        "{{ $labels.instance }}: its event loop is held up for {{ $value | humanizeDuration }}",
        "One look in a hundred finds it that late: messages wait so long before they are read, and alerts with them.",
        buckets("obi_loop_lag_seconds", SELF, {"0.1": "0+40x120", "0.25": "0+50x120", "+Inf": "0+50x120"}),
        buckets("obi_loop_lag_seconds", SELF, {"0.1": "0+50x120", "0.25": "0+50x120", "+Inf": "0+50x120"}),
        keep="2m",
    ),
    ServiceRule(
        "ObiSaturated",
        "sum by (job, instance) (rate(obi_apply_latency_seconds_sum[5m])) > 0.7",
        "2m",
        "warning",
        "{{ $labels.instance }}: {{ $value | humanizePercentage }} of its time goes into messages",
        "One process reads, computes and answers. Near 100 % messages wait for each other and latency grows without end.",
        {f"obi_apply_latency_seconds_sum{{{VENUE}}}": "0+4.5x120"},
        {f"obi_apply_latency_seconds_sum{{{VENUE}}}": "0+1x120"},
        keep="2m",
    ),
    ServiceRule(
        "ObiQueueDrops",
        "sum by (job, instance, queue) (increase(obi_backlog_dropped_total[15m])) > 0",
        "0s",
        "warning",
        '{{ $labels.instance }}: {{ $value | printf "%.0f" }} dropped from the queue {{ $labels.queue }}',
        "More waited there than is kept: what takes from it (a sender's other end, the disk) is slower than what comes.",
        {f'obi_backlog_dropped_total{{{SELF},queue="alert_store"}}': "0x60 5x60"},
        {f'obi_backlog_dropped_total{{{SELF},queue="alert_store"}}': "5x120"},
    ),
    ServiceRule(
        "ObiScrapeHeavy",
        "obi_scrape_series > 100000",
        "5m",
        "info",
        "{{ $labels.instance }}: a scrape tells {{ $value | humanize }} series",
        "Each scrape is that much for the event loop here and for the memory of Prometheus.",
        {f"obi_scrape_series{{{SELF}}}": "150000x120"},
        {f"obi_scrape_series{{{SELF}}}": "20000x120"},
    ),
    ServiceRule(
        "ObiScrapeSlow",
        "avg_over_time(obi_scrape_seconds[5m]) > 0.05",
        "2m",
        "warning",
        "{{ $labels.instance }}: a scrape takes {{ $value | humanizeDuration }}",
        "Writing /metrics holds up the event loop so long. Watch fewer books here, or expose fewer metrics.",
        {'obi_scrape_seconds{job="steelyard",instance="a"}': "0.2x120"},
        {'obi_scrape_seconds{job="steelyard",instance="a"}': "0.002x120"},
    ),
    ServiceRule(
        "ObiNotificationsFail",
        'sum by (job, sender) (increase(obi_alert_messages_total{result="failed"}[15m])) > 0',
        "0s",
        "critical",
        "Alerts do not reach {{ $labels.sender }}",
        "Messages of the built-in alerts became dead letters; /api/v1/alerts/dead-letters has them with their errors.",
        {'obi_alert_messages_total{job="steelyard",sender="ops",result="failed"}': "0x60 1x60"},
        {'obi_alert_messages_total{job="steelyard",sender="ops",result="failed"}': "0x120"},
    ),
    ServiceRule(
        "ObiRulesFaulty",
        'max by (job, instance) (obi_alert_rules{state="faulty"}) > 0',
        "5m",
        "info",
        "{{ $labels.instance }}: {{ $value }} alert rules cannot run",
        "They name metrics that are not there or switched off; /api/v1/alerts/rules says which and why.",
        {'obi_alert_rules{job="steelyard",instance="a",state="faulty"}': "1x120"},
        {'obi_alert_rules{job="steelyard",instance="a",state="faulty"}': "0x120"},
    ),
    ServiceRule(
        "ObiRestarts",
        'changes(process_start_time_seconds{job="steelyard"}[30m]) > 2',
        "0s",
        "warning",
        "{{ $labels.instance }}: started {{ $value }} times in half an hour",
        "It ends and is started again: its log says why.",
        {'process_start_time_seconds{job="steelyard",instance="a"}': "1x20 2x20 3x20 4x60"},
        {'process_start_time_seconds{job="steelyard",instance="a"}': "1x60 2x60"},
    ),
)

# Recording rules: level, metric, operation.
RECORDED = {
    "job:obi_books_live:ratio": 'avg by (job) (obi_book_state{state="live"})',
    "venue:obi_books_live:ratio": 'avg by (job, venue) (obi_book_state{state="live"})',
    "venue:obi_book_messages:rate1m": "sum by (job, venue) (rate(obi_book_messages_total[1m]))",
    "venue:obi_book_gaps:increase15m": "sum by (job, venue) (increase(obi_book_gaps_total[15m]))",
    "symbol:obi_ofi_base_units:increase1m": (
        "increase(obi_ofi_up_base_units_total[1m]) - increase(obi_ofi_down_base_units_total[1m])"
    ),
    "symbol:obi_mid_price:median": "quantile by (job, market, symbol) (0.5, obi_mid_price)",
}
