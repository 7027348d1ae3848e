"""Closed rows of the symbol dashboard about what happens: orders, trades, forced closing; and what it all rests on."""

from __future__ import annotations

from .board import Detail
from .colours import beyond
from .panels import (
    AMOUNT,
    BP,
    FULL,
    SECONDS,
    lines,
    net_lines,
    rate_lines,
    side_by_side,
    signed_lines,
    time_lines,
    whole_lines,
)
from .queries import BY_BOOK, POSITIONS, QUOTES, TAKERS, Query, book, forced, per, rate, recent, sides

FLOW = Detail(
    "Order flow",
    (
        net_lines(
            "Order flow by cause, 10 s",
            "What made the order flow imbalance of 10 s, in base units, over venues: orders added, "
            "cancelled, traded. Plus is buy pressure.",
            per("symbol", book("obi_ofi_add_base_units", window="10s"), also="added"),
            per("symbol", book("obi_ofi_cancel_base_units", window="10s"), also="cancelled"),
            per("symbol", book("obi_ofi_trade_base_units", window="10s"), also="traded"),
        ),
        net_lines(
            "Order flow a second",
            "Order flow imbalance from its counters, in base units a second: exact over any window of the "
            "chart. Plus is buy pressure.",
            Query(
                f"{rate(book('obi_ofi_up_base_units_total'))} - {rate(book('obi_ofi_down_base_units_total'))}",
                BY_BOOK,
            ),
        ),
        net_lines(
            "Order flow below the touch, 10 s",
            "Order flow imbalance at the second to fifth best level within 10 s, in base units, over "
            "venues. Plus is buy pressure.",
            Query(
                f"sum by (symbol, level) ({book('obi_mlofi_base_units', window='10s')})",
                "{{symbol}} level {{level}}",
            ),
        ),
        lines(
            "Placed less cancelled, 60 s",
            "Net limit flow imbalance: what was placed less cancelled on bids against asks, over all of "
            "it, 60 s. Plus is bids building up.",
            Query(book("obi_net_limit_flow_imbalance_ratio", window="60s"), BY_BOOK),
            centred=True,
        ),
        lines(
            "Cancelled for each placed",
            "Size cancelled over size placed, by side. Well above 1 a side is leaving. Empty until "
            "something was placed.",
            *sides(QUOTES, lambda side: book("obi_cancel_to_add_ratio", side=side)),
            low=0,
            sided=True,
        ),
        rate_lines(
            "Queues used up",
            "Times a second that the best level vanished and the price worsened, by side and by what took "
            "most of it, over venues.",
            per("symbol, side, cause", rate(book("obi_queue_depletions_total"))),
        ),
    ),
)

TRADES = Detail(
    "Trades",
    (
        net_lines(
            "Traded",
            "Worth that takers bought (above zero) and sold (below) a second, in the quote currency.",
            *sides(
                TAKERS, lambda side: rate(book("obi_trade_volume_quote_units_total", side=side)), against=True
            ),
            sided=True,
        ),
        signed_lines(
            "Takers by window",
            "Taker buys less sells over their sum within 10 and 60 s, mean over venues: +1 is all buying. "
            "Empty while nothing was traded within the window.",
            per("symbol, window", book("obi_trade_flow_imbalance_ratio", window="10s|60s"), "avg"),
        ),
        rate_lines(
            "Prints",
            "Prints a second by taker side, over venues, weighted so that one of 10 s ago counts half.",
            per("symbol", book("obi_trade_intensity_per_second", side="buy"), also="buy"),
            per("symbol", book("obi_trade_intensity_per_second", side="sell"), also="sell"),
            sided=True,
        ),
        lines(
            "Sweeps",
            "Times that a taker took several prices at once, within the shortest window of the chart. Buys "
            "above zero.",
            *sides(TAKERS, lambda side: recent(book("obi_trade_sweeps_total", side=side)), against=True),
            centred=True,
            sided=True,
        ),
    ),
)

DERIVATIVES = Detail(
    "Funding, open interest, forced closing",
    (
        *side_by_side(
            lines(
                "Funding",
                "Funding per 8 hours in basis points: above zero longs pay shorts. Only perpetuals have it.",
                Query(f"1e4 * {book('obi_funding_rate_ratio', market='perp')}", BY_BOOK),
                unit=BP,
                centred=True,
            ),
            lines(
                "Basis",
                "Mid over the index, less one, in basis points: plus where the derivative trades above. Empty "
                "for spot, and where the venue tells no index.",
                Query(f"1e4 * {book('obi_basis_ratio')}", BY_BOOK),
                unit=BP,
                centred=True,
            ),
            lines(
                "Open interest",
                "Contracts outstanding in base units. Empty for spot.",
                Query(book("obi_open_interest_base_units"), BY_BOOK),
                unit=AMOUNT,
            ),
        ),
        lines(
            "Who is long",
            "Long less short accounts over all with a position, as the venue counts them every 5 minutes: "
            "above zero more are long. Empty where a venue does not tell; its top traders stand in REST.",
            Query(book("obi_long_short_imbalance_ratio", population="accounts"), BY_BOOK),
            centred=True,
        ),
        net_lines(
            "Forced closing",
            "Worth of positions closed by force a second, in the quote currency: shorts (forced buying) "
            "above zero, longs below. Most venues report a sample.",
            *sides(
                POSITIONS,
                lambda position: rate(forced(position=position)),
                against=True,
            ),
            sided=True,
        ),
    ),
)

TRUST = Detail(
    "What the numbers rest on",
    (
        *side_by_side(
            lines(
                "Live",
                "1 while the book is proven, 0 while it is not and so has no values.",
                Query(book("obi_book_state", state="live"), BY_BOOK),
                low=0,
                high=FULL,
            ),
            time_lines(
                "Age",
                "Time since the book's last message. A quiet market is no fault: the connection's heartbeat "
                "decides.",
                Query(book("obi_book_age_seconds"), BY_BOOK),
            ),
            lines(
                "Latency",
                "Receive time minus the venue's time of the last message. Below zero a clock is wrong. Empty "
                "where the venue gives no time.",
                Query(book("obi_book_latency_seconds"), BY_BOOK),
                unit=SECONDS,
            ),
        ),
        whole_lines(
            "Cover of the last 60 s",
            "Share of the last 60 s during which the feed was there. Below 0.8 values of that window are "
            "not shown.",
            Query(book("obi_window_coverage_ratio", feed="book", window="60s"), f"{BY_BOOK} book"),
            Query(book("obi_window_coverage_ratio", feed="trades", window="60s"), f"{BY_BOOK} trades"),
            marks=beyond(0.8),
        ),
        whole_lines(
            "Taker sides that agree",
            "Share of the last 1,000 prints outside the mid whose taker side agrees with the book. The "
            "dashed line is where ObiTradeSideDisagrees begins: below, the sign of flow is doubtful.",
            Query(book("obi_trade_side_agreement_ratio"), BY_BOOK),
            marks=beyond(0.8),
        ),
    ),
)

DETAILS = (FLOW, TRADES, DERIVATIVES, TRUST)
