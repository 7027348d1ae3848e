"""Patterns that deserve a second look, stress, and forced closing. Patterns prove no intent: level-2 data are anonymous."""

from __future__ import annotations

from ..board import Board, Detail
from ..colours import beyond, rising
from ..panels import (
    AMOUNT,
    SHARE,
    count_stat,
    lines,
    net_lines,
    rate_lines,
    share_lines,
    side_by_side,
    stat,
    time_lines,
    unit_lines,
)
from ..queries import BY_BOOK, POSITIONS, Query, book, forced, in_range, per, rate, recent, sides
from ..shared import highest_stress

PATTERN = "A pattern, and no proof of intent: level-2 data carry no identities."
WINDOW = "within the shortest window of the chart"

NOW = (
    count_stat(
        "Spoofing patterns",
        "Large orders pulled after takers came on their other side, over the time range and the chosen "
        f"books, that scored 0.6 or more. {PATTERN}",
        f"sum({in_range(book('obi_spoof_episodes_total'))})",
        steps=rising(1, 10),
    ),
    count_stat(
        "Layering patterns",
        "Large orders at three prices or more, placed together and pulled together, over the time range. "
        f"{PATTERN}",
        f"sum({in_range(book('obi_layering_episodes_total'))})",
        steps=rising(1, 10),
    ),
    count_stat(
        "Quote stuffing",
        "Bursts of level changes far beyond the five minutes before, over the time range and the chosen books.",
        f"sum({in_range(book('obi_quote_stuffing_episodes_total'))})",
        steps=rising(1, 10),
    ),
    count_stat(
        "Stop runs",
        "Breaks of the 15-minute high or low on a burst of takers that were mostly taken back within a "
        "minute, over the time range.",
        f"sum({in_range(book('obi_stop_runs_total'))})",
        steps=rising(1, 5),
    ),
    count_stat(
        "Liquidity shocks",
        "Times that depth halved or the spread sprang open, over the time range and the chosen books.",
        f"sum({in_range(book('obi_liquidity_shocks_total'))})",
        steps=rising(1, 5),
    ),
    highest_stress(),
    stat(
        "Closed by force",
        "Worth of positions closed by force over the time range, in quote currencies added up. Most venues "
        "report a sample. Empty for spot.",
        f"sum({in_range(forced())})",
        unit=AMOUNT,
    ),
    stat(
        "Cascade",
        "How many of four signs of a liquidation cascade are there, as a share, worst chosen book. "
        "ObiCascade fires above 0.7. Empty for spot, and until open interest and returns have some minutes "
        "of history.",
        f"max({book('obi_cascade_score_ratio')})",
        decimals=2,
        steps=rising(0.5, 0.7),
    ),
    unit_lines(
        "Spoofing score",
        "Score of the last candidate, 0 to 1: worst book and side of each symbol. From the dashed line on it counts as an "
        f"episode. {PATTERN}",
        per("symbol", book("obi_spoof_score_ratio"), "max"),
        marks=beyond(0.6),
    ),
    lines(
        "Display that has not stood",
        "Imbalance of ten levels less that of what stood for 3 s, without its sign: the worst book of each symbol. Far "
        "from zero the display is fresh. The dashed line is where ObiArtificialDepth begins.",
        per("symbol", f"abs({book('obi_fleeting_depth_imbalance_ratio', levels='10')})", "max"),
        low=0,
        marks=beyond(0.5),
    ),
)

DETAILS = (
    Detail(
        "Spoofing and layering",
        (
            lines(
                "Spoofing patterns",
                f"Episodes that scored 0.6 or more, by symbol and side, {WINDOW}. {PATTERN}",
                per("symbol, side", recent(book("obi_spoof_episodes_total"))),
                low=0,
            ),
            lines(
                "Layering patterns",
                f"Episodes by symbol and side, {WINDOW}. {PATTERN}",
                per("symbol, side", recent(book("obi_layering_episodes_total"))),
                low=0,
            ),
            share_lines(
                "Cancelled within a second",
                "Share of placed size that was cancelled at its price within a second. Compare books of "
                "one venue: fast makers look the same everywhere.",
                Query(book("obi_fleeting_volume_ratio", horizon="1s"), BY_BOOK),
            ),
            lines(
                "Orders for each trade",
                "Size placed and cancelled over size traded. Far above the symbol's usual level: much is "
                "shown, little is meant.",
                Query(book("obi_order_to_trade_ratio"), BY_BOOK),
                low=0,
            ),
        ),
    ),
    Detail(
        "Quote stuffing",
        side_by_side(
            lines(
                "Level changes against the minutes before",
                "Level changes within a second against the five minutes before, in standard deviations. "
                "The dashed line is where ObiQuoteStuffing begins. Empty until there is history.",
                Query(book("obi_quote_stuffing_zscore"), BY_BOOK),
                marks=beyond(10),
            ),
            rate_lines(
                "Level changes",
                "Levels changed a second, by book.",
                Query(rate(book("obi_book_level_changes_total")), BY_BOOK),
            ),
            time_lines(
                "Life of a level",
                "Mean time that levels stood which went lately, by book. Short lives are quick machines.",
                Query(
                    f"{rate(book('obi_level_lifetime_seconds_sum'))}"
                    f" / ({rate(book('obi_level_lifetime_seconds_count'))} > 0)",
                    BY_BOOK,
                ),
            ),
        ),
    ),
    Detail(
        "Trades that look made up",
        side_by_side(
            lines(
                "First digits",
                "Mean deviation of the first digits of trade sizes from Benford's law, last 10,000 prints. "
                "Natural flow is below about 0.02; needs some hundred prints.",
                Query(book("obi_trade_size_benford_ratio"), BY_BOOK),
                low=0,
            ),
            lines(
                "Round sizes",
                "Share of prints whose size is a multiple of 100 lots. Natural flow likes round sizes; "
                "little of it is as suspicious as much.",
                Query(book("obi_trade_round_size_ratio"), BY_BOOK),
                unit=SHARE,
                low=0,
            ),
            lines(
                "Mirrored volume",
                "Share of volume that comes in pairs of equal size on both sides, shortly after one another.",
                Query(book("obi_trade_mirror_ratio"), BY_BOOK),
                unit=SHARE,
                low=0,
            ),
        ),
    ),
    Detail(
        "Stress",
        (
            lines(
                "Stress",
                "Signs of stress at once, 0 to 3, by book. Empty until a book can tell: that takes the "
                "toxicity of flow below.",
                Query(book("obi_stress_level"), BY_BOOK),
                low=0,
                high=3,
            ),
            lines(
                "Depth against its last hour",
                "How far depth within 10 bp lies from its mean of an hour, in standard deviations of its "
                "logarithm, worse side. The dashed line is where a shock begins. Empty for the first "
                "minute.",
                per("symbol, venue", book("obi_liquidity_shock_zscore"), "min"),
                marks=beyond(-4),
            ),
            time_lines(
                "Recovery after shocks",
                "How long the last shock took to heal by half, depth and spread. Empty until there was one.",
                Query(book("obi_resilience_last_half_life_seconds"), "{{symbol}} {{venue}} {{kind}}"),
            ),
            lines(
                "Fragility",
                "Move of the price by an ordinary burst of takers, in ordinary minutes' moves, worse side. "
                "The dashed line is where ObiFragileSide begins. Empty until an hour is known.",
                per("symbol, venue", book("obi_fragility_ratio"), "max"),
                low=0,
                marks=beyond(3),
            ),
            share_lines(
                "Toxicity of flow",
                "Rank of VPIN, by the taker's side, within its last 30 days. The dashed line is where "
                "ObiToxicFlow begins. Empty until 50 buckets of volume are full.",
                Query(book("obi_vpin_percentile_ratio", classification="taker"), BY_BOOK),
                marks=beyond(0.95),
            ),
            share_lines(
                "An order of 100,000 that fails",
                "Chance that a taker order of 100,000 of the quote currency is not filled as the book "
                "shows, worse side: thin book, fading touch, bad feed. Empty until an hour is known.",
                per("symbol, venue", book("obi_execution_failure_ratio", notional="100000"), "max"),
            ),
        ),
    ),
    Detail(
        "Forced closing",
        side_by_side(
            net_lines(
                "Closed by force",
                "Worth a second, in the quote currency: shorts (forced buying) above zero, longs below. "
                "Most venues report a sample.",
                *sides(
                    POSITIONS,
                    lambda position: rate(forced(position=position)),
                    against=True,
                ),
                sided=True,
            ),
            lines(
                "Open interest, 60 s",
                "Relative change of open interest within 60 s. A fall with forced closing is the sign of a "
                "cascade. Empty for spot, and for the first minute.",
                Query(book("obi_open_interest_change_ratio", window="60s"), BY_BOOK),
                unit=SHARE,
                centred=True,
            ),
            unit_lines(
                "Cascade",
                "How many of four signs of a cascade are there, as a share: forced closing, open interest, "
                "move, depth. The dashed line is where ObiCascade begins. Empty for spot, and without some "
                "minutes of history.",
                Query(book("obi_cascade_score_ratio"), BY_BOOK),
                marks=beyond(0.7),
            ),
        ),
    ),
    Detail(
        "The predictor",
        side_by_side(
            lines(
                "Brier score",
                "Mean squared error of `p_up` over its last 2,000 predictions. 0.25 is no knowledge, the "
                "dashed line, where ObiPredictorDrift begins. Empty until it has learned.",
                Query(book("obi_predictor_brier_score"), BY_BOOK),
                low=0,
                marks=beyond(0.25),
            ),
            unit_lines(
                "Chance to rank right",
                "Area under the curve of `p_up`: 0.5 is no knowledge, 1 is always right.",
                Query(book("obi_predictor_auc_ratio"), BY_BOOK),
            ),
            lines(
                "Calibration",
                "Mean distance between what `p_up` said and how often it came true. 0 is right.",
                Query(book("obi_predictor_calibration_error_ratio"), BY_BOOK),
                low=0,
            ),
        ),
    ),
)

BOARD = Board(
    "steelyard-surveillance",
    "Steelyard: Surveillance",
    "Patterns that deserve a second look, stress, forced closing. Patterns prove no intent.",
    NOW,
    DETAILS,
)
