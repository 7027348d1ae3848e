"""The service itself: is it up, does it keep up, what does it cost, and do its alerts get out."""

from __future__ import annotations

from ..board import Board, Detail
from ..colours import BAD, GOOD, beyond, rising
from ..panels import (
    BYTES,
    SECONDS,
    SHARE,
    count_stat,
    lines,
    rate_lines,
    share_stat,
    side_by_side,
    stat,
    time_lines,
)
from ..queries import (
    FIRING_ANYWHERE,
    Query,
    firing_by,
    in_range,
    or_none,
    own,
    per,
    per_quantile,
    rate,
    recent,
)

INSTANCE = "{{instance}}"
QUIET = "`none` at zero: no sender is configured."

NOW = (
    stat(
        "Up",
        "1 while Prometheus can scrape every chosen instance. No alert of an instance that is down can be "
        "relied on.",
        f"min({own('up')})",
        meaning={1: ("UP", GOOD), 0: ("DOWN", BAD)},
    ),
    stat(
        "Version",
        "What is running. Several names: instances differ.",
        f"count by (version) ({own('obi_build_info')})",
        legend="{{version}}",
    ),
    stat(
        "Running for",
        "Time since the youngest chosen instance was started.",
        f"time() - max({own('process_start_time_seconds')})",
        unit=SECONDS,
        decimals=1,
    ),
    share_stat(
        "Processor",
        "Share of one core that the busiest chosen instance takes. Near 100 % messages wait for each other.",
        f"max({rate(own('process_cpu_seconds_total'))})",
        steps=rising(0.7, 0.9),
    ),
    stat(
        "Memory",
        "Resident memory of the largest chosen instance.",
        f"max({own('process_resident_memory_bytes')})",
        unit=BYTES,
    ),
    stat(
        "Latest loop",
        "The latest that the event loop came back within the last minute, worst chosen instance. All "
        "messages wait so long.",
        f"max({own('obi_loop_lag_max_seconds')})",
        unit=SECONDS,
        steps=rising(0.1, 0.5),
    ),
    count_stat(
        "Alerts not delivered",
        "Messages to senders that became dead letters over the time range. /api/v1/alerts/dead-letters has "
        "them. 0 also where no sender is configured.",
        or_none(f"sum({in_range(own('obi_alert_messages_total', result='failed'))})"),
        steps=rising(1),
    ),
    count_stat(
        "Faulty rules",
        "Alert rules that name metrics which are not there or switched off; /api/v1/alerts/rules says "
        "which and why.",
        f"sum({own('obi_alert_rules', state='faulty')})",
        steps=rising(1),
    ),
    *side_by_side(
        time_lines(
            "Event loop late by",
            "How late the event loop comes back: what 99 of 100 looks stay below, and the latest of the last "
            "minute. The dashed line is where ObiLoopLag begins.",
            per_quantile("instance", 0.99, own("obi_loop_lag_seconds_bucket"), also="99 %"),
            Query(own("obi_loop_lag_max_seconds"), f"{INSTANCE} latest"),
            marks=beyond(0.1),
        ),
        lines(
            "Time that messages take",
            "Share of its time that the service spends on messages: from arrival until book, metrics and "
            "alerts knew of them. The dashed line is where ObiSaturated begins.",
            per("instance", rate(own("obi_apply_latency_seconds_sum"))),
            unit=SHARE,
            low=0,
            marks=beyond(0.7),
        ),
        rate_lines(
            "Messages",
            "Book messages applied a second, by instance.",
            per("instance", rate(own("obi_book_messages_total"))),
        ),
    ),
)

DETAILS = (
    Detail(
        "Stages of a message, 99 %",
        side_by_side(
            time_lines(
                "Venue to here",
                "Receive time minus the venue's time that 99 of 100 messages stay below. The clocks' "
                "difference is in it. Empty where no venue gives a time.",
                per_quantile("instance", 0.99, own("obi_feed_latency_seconds_bucket")),
            ),
            time_lines(
                "Here to the book",
                "From a message's arrival until its book, metrics and alerts knew of it.",
                per_quantile("instance", 0.99, own("obi_apply_latency_seconds_bucket")),
            ),
            time_lines(
                "Book to the stream",
                "From the arrival of a book's newest message until the stream had an update of it ready. "
                "Empty while nobody listens.",
                per_quantile("instance", 0.99, own("obi_publish_latency_seconds_bucket")),
            ),
            time_lines(
                "Alert to its receiver",
                "From the evaluation that made an alert change until the sender's other end took the "
                "message. Empty while none was sent.",
                per_quantile("instance, sender", 0.99, own("obi_alert_delivery_seconds_bucket")),
            ),
        ),
    ),
    Detail(
        "Process",
        (
            lines(
                "Processor",
                "Share of one core, by instance.",
                Query(rate(own("process_cpu_seconds_total")), INSTANCE),
                unit=SHARE,
                low=0,
            ),
            lines(
                "Memory",
                "Resident memory, by instance. A line that only rises is a leak: report it.",
                Query(own("process_resident_memory_bytes"), INSTANCE),
                unit=BYTES,
                low=0,
            ),
            lines(
                "Garbage collector",
                "Share of the time that the collector holds everything up, by generation.",
                Query(
                    f"sum by (instance, generation) ({rate(own('obi_gc_pause_seconds_sum'))})",
                    "{{instance}} generation {{generation}}",
                ),
                unit=SHARE,
                low=0,
            ),
            lines(
                "Open files",
                "Files and sockets open, by instance: two or three a connection, and one a client.",
                Query(own("process_open_fds"), f"{INSTANCE} open"),
                low=0,
            ),
        ),
    ),
    Detail(
        "Queues and the stream",
        (
            lines(
                "Waiting",
                "What waits in each queue: updates for the stream's clients, alerts to be kept, messages "
                "for each sender.",
                per("queue", own("obi_backlog_messages")),
                low=0,
            ),
            lines(
                "Dropped",
                "What was dropped because too much waited, by queue, within the shortest window of the chart.",
                per("queue", recent(own("obi_backlog_dropped_total"))),
                low=0,
            ),
            lines(
                "Clients of the stream",
                "Sockets open, and different channels that they subscribe to.",
                per("instance", own("obi_stream_clients"), also="clients"),
                per("instance", own("obi_stream_channels"), also="channels"),
                low=0,
            ),
            rate_lines(
                "Updates of the stream",
                "A second: encoded once for all, sent to clients, and passed over because a client had not "
                "taken the one before.",
                per("instance", rate(own("obi_stream_encodings_total")), also="encoded"),
                per("instance", rate(own("obi_stream_messages_total")), also="sent"),
                per("instance", rate(own("obi_stream_missed_total")), also="passed over"),
            ),
        ),
    ),
    Detail(
        "Alerts",
        (
            lines(
                "Firing in Prometheus",
                "How many alerts fire, by severity, at all places. `none` is drawn where nothing fires.",
                Query(firing_by("severity", FIRING_ANYWHERE), "{{severity}}"),
                low=0,
            ),
            lines(
                "Active in the built-in engine",
                "Alerts that fire or are pending, by state and severity. `none` is drawn where there is none.",
                per("state, severity", own("obi_alerts_active"), none="state"),
                low=0,
            ),
            lines(
                "Messages to senders",
                f"What became of them, within the shortest window of the chart. {QUIET}",
                per("sender, result", recent(own("obi_alert_messages_total")), none="result"),
                low=0,
            ),
            lines(
                "History that was not kept",
                "Writes of alerts that were lost, within the shortest window of the chart: the disk is "
                "full or too slow. Alerts go on being told.",
                Query(recent(own("obi_alert_writes_lost_total")), INSTANCE),
                low=0,
            ),
        ),
    ),
    Detail(
        "Scrapes",
        side_by_side(
            time_lines(
                "Time",
                "How long writing /metrics held the event loop, and how long Prometheus waited for it. The "
                "dashed line is where ObiScrapeSlow begins.",
                Query(own("obi_scrape_seconds"), f"{INSTANCE} writing"),
                Query(own("scrape_duration_seconds"), f"{INSTANCE} waiting"),
                marks=beyond(0.05),
            ),
            lines(
                "Series",
                "Series that a scrape tells: about 250 a book.",
                Query(own("obi_scrape_series"), INSTANCE),
                low=0,
            ),
            lines(
                "Size",
                "Text of a scrape, before it is packed.",
                Query(own("obi_scrape_size_bytes"), INSTANCE),
                unit=BYTES,
                low=0,
            ),
        ),
    ),
)

BOARD = Board(
    "steelyard-service",
    "Steelyard: Service",
    "The service itself: is it up, does it keep up, what does it cost, do its alerts get out.",
    NOW,
    DETAILS,
    unused=("venue", "market", "symbol"),
)
