"""What one looks at first: is the picture whole, does anything fire, and where does a market lean or thin out."""

from ..board import Board, Detail
from ..colours import GOOD, SIGNED, WARN, beyond, falling, rising
from ..panels import (
    AMOUNT,
    BP,
    EACH_SECOND,
    LIVE_OR_NOT,
    SECONDS,
    Column,
    count_stat,
    lines,
    share_stat,
    side_by_side,
    signed_lines,
    signed_stat,
    stat,
    table,
    whole_lines,
)
from ..queries import BY_SYMBOL, FIRING, Query, book, feed, firing_by, forced, own, per, rate, recent
from ..shared import highest_stress

SCORE = book("obi_pressure_score_ratio")

NOW = (
    stat(
        "Markets",
        "Where the data come from. SIMULATED: made-up venues (`steelyard demo`), no number here is of a "
        "real market. Empty while the service does not answer.",
        f"max({own('obi_simulated')})",
        meaning={0: ("LIVE", GOOD), 1: ("SIMULATED", WARN)},
    ),
    share_stat(
        "Books live",
        "Share of the chosen books that are proven at this moment. Only a live book has values; the others "
        "are missing from every panel, not shown with old numbers. Empty while no book is known.",
        f"avg({book('obi_book_state', state='live')})",
        steps=falling(1, 0.9),
    ),
    share_stat(
        "Connections up",
        "Share of the routes of the chosen venues whose connections are all open. Empty while none is known.",
        f"avg({feed('obi_feed_up')})",
        steps=falling(1, 0.9),
    ),
    count_stat(
        "Alerts firing",
        "Alerts of Prometheus that fire for the chosen places. 0 is good; details are in the chart below.",
        f"count({FIRING}) or vector(0)",
        steps=rising(1, 5),
    ),
    highest_stress(),
    signed_stat(
        "Strongest lean",
        "Pressure score of the chosen book that leans most, -1 to +1: the mean of queue, depth and trade "
        "imbalance and of order flow. Plus is buy pressure. Empty while no chosen book has one.",
        f"(max({SCORE}) >= -min({SCORE})) or min({SCORE})",
    ),
    stat(
        "Messages",
        "Book messages applied a second, over the chosen books.",
        f"sum({rate(book('obi_book_messages_total'))})",
        unit=EACH_SECOND,
        decimals=0,
    ),
    stat(
        "Latency",
        "Receive time minus the venue's time of the last message, median over the chosen books. Below zero "
        "a clock is wrong. Empty where venues give no time.",
        f"quantile(0.5, {book('obi_book_latency_seconds')})",
        unit=SECONDS,
        steps=rising(0.5, 1),
    ),
    *side_by_side(
        signed_lines(
            "Pressure",
            "Pressure score by symbol, mean over its venues, -1 to +1. Plus is buy pressure. A line breaks "
            "where no book of the symbol is live.",
            per("symbol", SCORE, "avg"),
        ),
        lines(
            "Spread",
            "Best ask less best bid over the mid, in basis points: the tightest venue of each symbol. The "
            "dashed line is where ObiSpreadWide begins to look. A line breaks where no book of the symbol is "
            "live.",
            Query(f"1e4 * min by (symbol) ({book('obi_spread_ratio')})", BY_SYMBOL),
            unit=BP,
            low=0,
            marks=beyond(5),
        ),
        lines(
            "Depth near the mid",
            "Worth of the bids and asks within 10 bp of each venue's mid, summed over venues, in the symbol's "
            "quote currency. Books that do not reach so far are left out.",
            per("symbol", book("obi_depth_quote_units", band_bps="10")),
            unit=AMOUNT,
            low=0,
        ),
    ),
    table(
        "Books",
        "One row a book, as of the end of the time range. Imbalance, pressure, takers: -1 to +1, plus is "
        "buy pressure. A cell is empty where the book is not live, where the venue does not show far "
        "enough, or too early to tell.",
        ("symbol", "venue"),
        Column("State", book("obi_book_state", state="live"), meaning=LIVE_OR_NOT),
        Column("Mid", book("obi_mid_price")),
        Column(
            "Spread (bp)", f"1e4 * {book('obi_spread_ratio')}", decimals=2, steps=((None, GOOD), (5, WARN))
        ),
        Column(
            "Imbalance",
            book("obi_depth_imbalance_ratio", levels="10", stat="twa"),
            decimals=2,
            steps=SIGNED,
        ),
        Column("Pressure", SCORE, decimals=2, steps=SIGNED),
        Column(
            "Takers, 60 s",
            book("obi_trade_flow_imbalance_ratio", window="60s"),
            decimals=2,
            steps=SIGNED,
        ),
        Column("Bids, 10 bp", book("obi_depth_quote_units", band_bps="10", side="bid"), unit=AMOUNT),
        Column("Asks, 10 bp", book("obi_depth_quote_units", band_bps="10", side="ask"), unit=AMOUNT),
        Column("Age", book("obi_book_age_seconds"), unit=SECONDS, decimals=1),
    ),
)

DETAILS = (
    Detail(
        "Alerts and trust",
        (
            lines(
                "Alerts firing",
                "How many alerts of Prometheus fire, by name. `none` is drawn where nothing fires; "
                "docs/runbooks.md says what each means and what to do.",
                Query(firing_by("alertname", FIRING), "{{alertname}}"),
                low=0,
            ),
            whole_lines(
                "Live books by venue",
                "Share of each venue's books that are live. What is below 1 is missing from the other panels.",
                per("venue", book("obi_book_state", state="live"), "avg"),
            ),
        ),
    ),
    Detail(
        "Flow and trades",
        (
            lines(
                "Order flow, 10 s",
                "Order flow imbalance at the touch within 10 s over the mean depth of a level, mean over "
                "venues: how many ordinary levels were added to bids or taken from asks. Plus is buy "
                "pressure.",
                per("symbol", book("obi_normalized_ofi_ratio", level="1", window="10s"), "avg"),
                centred=True,
            ),
            signed_lines(
                "Takers, 60 s",
                "Taker buys less sells over their sum, last 60 s, mean over venues: +1 is all buying. "
                "Empty for a symbol that did not trade in that time.",
                per("symbol", book("obi_trade_flow_imbalance_ratio", window="60s"), "avg"),
            ),
            lines(
                "Traded",
                "Worth traded a second over venues, in the symbol's quote currency.",
                per("symbol", rate(book("obi_trade_volume_quote_units_total"))),
                unit=AMOUNT,
                low=0,
            ),
            lines(
                "Forced closing",
                "Worth of positions closed by force over the last minute or less, by symbol and by the "
                "position that was closed. Shorts closed are forced buying. Only derivatives have it; most "
                "venues report a sample.",
                per(
                    "symbol, position",
                    rate(forced(position="long|short")),
                ),
                unit=AMOUNT,
                low=0,
                sided=True,
            ),
        ),
    ),
    Detail(
        "Liquidity",
        (
            lines(
                "Cost of 100,000",
                "What a market order for 100,000 of the quote currency costs against the mid, dearer side, "
                "cheapest venue, in basis points, fees not included. Empty where no venue shows enough to "
                "fill it.",
                Query(
                    "1e4 * min by (symbol) (max by (symbol, venue) "
                    f"({book('obi_impact_cost_ratio', notional='100000')}))",
                    BY_SYMBOL,
                ),
                unit=BP,
                low=0,
            ),
            lines(
                "Depth against its last hour",
                "How far depth within 10 bp lies from its mean of an hour, in standard deviations of its "
                "logarithm: the worst venue and side of each symbol. The dashed line is where a liquidity "
                "shock begins. Needs a minute.",
                per("symbol", book("obi_liquidity_shock_zscore"), "min"),
                marks=beyond(-4),
            ),
            lines(
                "Liquidity shocks",
                "Times that depth halved or the spread sprang open, within the shortest window of the "
                "chart. Flat at zero in quiet markets.",
                per("symbol, kind", recent(book("obi_liquidity_shocks_total"))),
                low=0,
            ),
            signed_lines(
                "Bids against asks",
                "Depth imbalance of the best ten levels, averaged over time, mean over venues, -1 to +1. "
                "Plus is more bids. The dashed lines are where ObiPersistentImbalance begins.",
                per("symbol", book("obi_depth_imbalance_ratio", levels="10", stat="twa"), "avg"),
                marks=beyond(-0.6, 0.6),
            ),
        ),
    ),
)

BOARD = Board(
    "steelyard-overview",
    "Steelyard: Overview",
    "Is the picture whole, does anything fire, where does a market lean or thin out. Start here.",
    NOW,
    DETAILS,
)
