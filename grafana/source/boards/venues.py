"""Venues and feeds: are they there, do they prove their books, what was lost, how late does it come."""

from __future__ import annotations

from ..board import Board, Detail
from ..colours import beyond, falling, rising
from ..panels import (
    FULL,
    LIVE_OR_NOT,
    SECONDS,
    Column,
    count_stat,
    lines,
    rate_lines,
    share_stat,
    side_by_side,
    stat,
    table,
    time_lines,
    unit_lines,
    whole_lines,
)
from ..queries import Query, book, feed, in_range, per, per_quantile, quantile, rate, recent

VENUE, ROUTE = "{{venue}}", "{{venue}} {{product}} {{route}}"


def _of_book(expr: str) -> str:
    """What is known of a book, with the label that tells how its venue proves it."""
    return f"{book('obi_book_info')} * on (job, instance, venue, market, symbol) group_left () {expr}"


NOW = (
    count_stat(
        "Venues down",
        "Chosen venues none of whose connections is open. What is consolidated over venues is without them.",
        f"sum(max by (venue) ({feed('obi_feed_up')}) == bool 0)",
        steps=rising(1, 2),
    ),
    share_stat(
        "Connections up",
        "Share of the connections that are open.",
        f"avg({feed('obi_connection_up')})",
        steps=falling(1, 0.9),
    ),
    share_stat(
        "Books live",
        "Share of the chosen books that are proven at this moment. The others have no values.",
        f"avg({book('obi_book_state', state='live')})",
        steps=falling(1, 0.9),
    ),
    count_stat(
        "Gaps",
        "Losses that were seen in the books' messages, over the time range. Each costs a new snapshot.",
        f"sum({in_range(book('obi_book_gaps_total'))})",
        steps=rising(1, 10),
    ),
    count_stat(
        "Checksums failed",
        "Times that a book was not the venue's, over the time range. Its values were withdrawn each time. "
        "Only some venues send checksums.",
        f"sum({in_range(book('obi_book_checksums_total', result='failed'))})",
        steps=rising(1, 3),
    ),
    count_stat(
        "Reconnects",
        "Times that a connection was made anew, over the time range.",
        f"sum({in_range(feed('obi_feed_reconnects_total'))})",
        steps=rising(1, 10),
    ),
    stat(
        "Slowest venue",
        "Highest of the venues' median latency: receive time minus the venue's time of a message. Empty "
        "where no venue gives a time, and until two scrapes are there.",
        f"max({quantile(0.5, feed('obi_feed_latency_seconds_bucket'), 'venue')})",
        unit=SECONDS,
        steps=rising(0.5, 1),
    ),
    stat(
        "Quietest connection",
        "Time since the last frame of the connection that has been silent longest. ObiFeedStale fires at 60 s.",
        f"max({feed('obi_message_age_seconds')})",
        unit=SECONDS,
        decimals=1,
        steps=rising(30, 60),
    ),
    *side_by_side(
        whole_lines(
            "Live books by venue",
            "Share of each venue's books that are live. What is below 1 is missing from all other panels.",
            per("venue", book("obi_book_state", state="live"), "avg"),
        ),
        time_lines(
            "Latency, median",
            "Receive time minus the venue's time of messages, median, by venue. The dashed line is where "
            "ObiLatencyHigh begins. Empty where the venue gives no time.",
            per_quantile("venue", 0.5, feed("obi_feed_latency_seconds_bucket")),
            marks=beyond(1),
        ),
        rate_lines(
            "Frames",
            "Frames received a second, by venue. A line at zero is a venue that is silent.",
            per("venue", rate(feed("obi_feed_frames_total"))),
        ),
    ),
)

DETAILS = (
    Detail(
        "Books",
        (
            table(
                "Books",
                "One row a book and how its venue proves it, as of the end of the time range. `none` means "
                "that a loss may stay unseen; docs/venues.md says what each venue shows.",
                ("symbol", "venue", "market", "proof"),
                Column("State", _of_book(book("obi_book_state", state="live")), meaning=LIVE_OR_NOT),
                Column("Age", _of_book(book("obi_book_age_seconds")), unit=SECONDS, decimals=1),
                Column("Latency", _of_book(book("obi_book_latency_seconds")), unit=SECONDS),
                Column(
                    "Gaps", _of_book(in_range(book("obi_book_gaps_total"))), decimals=0, steps=rising(1, 10)
                ),
            ),
            lines(
                "Books by state",
                "How many of the chosen books are in which state. Only live ones have values.",
                per("state", book("obi_book_state")),
                low=0,
                stacked=True,
            ),
            time_lines(
                "Oldest book by venue",
                "Time since the last message of the venue's quietest book. A quiet market is no fault: the "
                "connection's heartbeat decides.",
                per("venue", book("obi_book_age_seconds"), "max"),
            ),
        ),
    ),
    Detail(
        "Losses",
        (
            lines(
                "Gaps",
                "Losses seen in the books' messages, by venue, within the shortest window of the chart.",
                per("venue", recent(book("obi_book_gaps_total"))),
                low=0,
            ),
            lines(
                "Books taken anew, by reason",
                "Times that a book was taken anew, within the shortest window of the chart. Nothing has "
                "happened since the start where `none` is drawn.",
                per("venue, reason", recent(book("obi_book_resyncs_total")), none="reason"),
                low=0,
            ),
            rate_lines(
                "Checksums",
                "Checksums compared a second, by venue and result. Flat at zero where the venue sends none.",
                per("venue, result", rate(book("obi_book_checksums_total"))),
            ),
            lines(
                "Crossed or locked",
                "Times that the best bid stood at or above the best ask, by venue, within the shortest "
                "window of the chart.",
                per("venue", recent(book("obi_book_crossed_total"))),
                low=0,
            ),
            rate_lines(
                "Ignored as old",
                "Messages rightly ignored as older or repeated, a second, by venue: normal while a "
                "snapshot is joined.",
                per("venue", rate(book("obi_book_dropped_old_total"))),
            ),
            lines(
                "Books cut short",
                "Books whose farthest levels were left out to bound memory, by venue. Values far from the "
                "mid are then missing.",
                per("venue", book("obi_book_capped")),
                low=0,
            ),
        ),
    ),
    Detail(
        "Connections",
        (
            lines(
                "Open",
                "1 while all connections of a route are open.",
                Query(feed("obi_feed_up"), ROUTE),
                low=0,
                high=FULL,
            ),
            time_lines(
                "Silence",
                "Time since the last frame of the quietest connection of a route. The dashed line is where "
                "ObiFeedStale begins.",
                Query(feed("obi_message_age_seconds"), ROUTE),
                marks=beyond(60),
            ),
            lines(
                "Made anew",
                "Times that connections of a venue were made anew, within the shortest window of the chart.",
                per("venue", recent(feed("obi_feed_reconnects_total"))),
                low=0,
            ),
            rate_lines(
                "Not understood",
                "Frames a second that were not understood, by venue and kind: the venue says something "
                "new. A single line at zero: nothing of the kind.",
                per("venue, kind", rate(feed("obi_feed_unknown_frames_total")), none="kind"),
            ),
        ),
    ),
    Detail(
        "Latency",
        (
            time_lines(
                "From the venue to here, 99 %",
                "Receive time minus the venue's time that 99 of 100 messages stay below, by venue. The "
                "clocks' difference is in it.",
                per_quantile("venue", 0.99, feed("obi_feed_latency_seconds_bucket")),
            ),
            time_lines(
                "From here to the book, 99 %",
                "Time from a message's arrival until its book, metrics and alerts knew of it, that 99 of "
                "100 messages stay below.",
                per_quantile("venue", 0.99, feed("obi_apply_latency_seconds_bucket")),
            ),
            lines(
                "Lowest of the books",
                "Latency of the last message of the venue's quickest book. Below zero the venue's clock or "
                "ours is wrong; the dashed line is where ObiClockSkew begins.",
                per("venue", book("obi_book_latency_seconds"), "min"),
                unit=SECONDS,
                marks=beyond(-0.1),
            ),
            rate_lines(
                "Messages",
                "Book messages applied a second, by venue.",
                per("venue", rate(book("obi_book_messages_total"))),
            ),
        ),
    ),
    Detail(
        "Trust",
        (
            unit_lines(
                "Risk score",
                "How much suspicion the venue deserves, 0 none to 1 all: worst chosen symbol. Empty while "
                "fewer than two venues of a symbol are live.",
                per("venue", book("obi_venue_risk_ratio"), "max"),
            ),
            unit_lines(
                "What it is made of",
                "Its parts, worst chosen symbol: stale, gaps, downtime, off the others' price, depth gone. "
                "The last two need an hour and more.",
                per("venue, part", book("obi_venue_risk_part_ratio"), "max"),
            ),
            whole_lines(
                "Taker sides that agree",
                "Share of the last 1,000 prints outside the mid whose taker side agrees with the book, "
                "worst book of the venue. The dashed line is where ObiTradeSideDisagrees begins.",
                per("venue", book("obi_trade_side_agreement_ratio"), "min"),
                marks=beyond(0.8),
            ),
            whole_lines(
                "Cover of the last 60 s",
                "Share of the last 60 s during which the feed was there, worst book of the venue. Below "
                "0.8 values of that window are not shown.",
                per("venue, feed", book("obi_window_coverage_ratio", window="60s"), "min"),
                marks=beyond(0.8),
            ),
        ),
    ),
)

BOARD = Board(
    "steelyard-venues",
    "Steelyard: Venues and feeds",
    "Are the venues there, do they prove their books, what was lost, how late does it come.",
    NOW,
    DETAILS,
)
