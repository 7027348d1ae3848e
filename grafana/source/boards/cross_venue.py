"""One symbol over all venues: do they agree, who leads, who holds the depth, and is there anything to arbitrage."""

from __future__ import annotations

from ..board import Board, Detail
from ..colours import BLUE, ORANGE, beyond, rising
from ..panels import (
    AMOUNT,
    BP,
    SECONDS,
    lines,
    net_lines,
    share_lines,
    side_by_side,
    signed_lines,
    signed_stat,
    stat,
    time_lines,
    unit_lines,
)
from ..queries import BY_BOOK, BY_SYMBOL, QUOTES, Query, basket, book, group, sides

PAIR = "{{symbol}} {{buy_venue}} > {{sell_venue}}"
LEADER = "{{symbol}} {{leader}} > {{follower}}"
LONELY = "Empty while fewer than two venues of the symbol are live."

NOW = (
    stat(
        "Mid of all",
        "Halfway between the best bid and the best ask over all venues that agree, median over the chosen "
        f"symbols: choose one. {LONELY}",
        f"quantile(0.5, {group('obi_mid_price')})",
    ),
    stat(
        "Spread of all",
        "Best ask less best bid over all venues, over the consolidated mid, in basis points, tightest "
        f"symbol. Below zero one venue's bid stands above another's ask. {LONELY}",
        f"1e4 * min((sum by (symbol) ({group('obi_best_price', side='ask')}) "
        f"- sum by (symbol) ({group('obi_best_price', side='bid')})) "
        f"/ sum by (symbol) ({group('obi_mid_price')}))",
        unit=BP,
        decimals=2,
        steps=((None, ORANGE), (0, BLUE)),
    ),
    signed_stat(
        "Bids against asks",
        "Bid less ask size over their sum within 10 bp of the consolidated mid, mean of the chosen "
        f"symbols, -1 to +1. Plus is more bids. {LONELY}",
        f"avg({group('obi_band_imbalance_ratio', band_bps='10')} or "
        f"{group('obi_band_imbalance_ratio', band_bps='5')})",
    ),
    stat(
        "Dispersion",
        "Highest mid of the venues over the lowest, less one, in basis points: the worst chosen symbol. "
        f"{LONELY}",
        f"1e4 * max({group('obi_price_dispersion_ratio')})",
        unit=BP,
        decimals=1,
        steps=rising(10, 50),
    ),
    stat(
        "Best edge",
        "What the best pair of venues gives after taker fees, over what is paid, in basis points. Below "
        f"zero: nothing to be had, the usual state. {LONELY}",
        f"1e4 * max({group('obi_arbitrage_edge_ratio')})",
        unit=BP,
        decimals=1,
    ),
    stat(
        "Gain to be had",
        f"Profit of that after fees at the sizes shown, in the quote currency, best pair. 0 is usual. {LONELY}",
        f"max({group('obi_arbitrage_profit_quote_units')})",
        unit=AMOUNT,
    ),
    stat(
        "Moving together",
        "Mean correlation between the venues' mid changes within a second, over 300 s, mean of the chosen "
        "symbols. Near 1 all move as one; empty until there is some history.",
        f"avg({group('obi_contagion_correlation_ratio', metric='mid_return', over='')})",
        decimals=2,
    ),
    stat(
        "Venue in doubt",
        "Highest risk score of a chosen venue, 0 none to 1 all: stale, gaps, downtime, off the others' "
        "price, or its depth gone. Which and why stands below.",
        f"max({book('obi_venue_risk_ratio')})",
        decimals=2,
        steps=rising(0.25, 0.5),
    ),
    lines(
        "Off the others",
        "The venue's mid over the median of the other venues', less one, in basis points. Plus is dearer "
        f"there. {LONELY}",
        Query(f"1e4 * {book('obi_price_dislocation_ratio')}", BY_BOOK),
        unit=BP,
        centred=True,
    ),
    signed_lines(
        "Bids against asks, all venues",
        "Bid less ask size over their sum within bands around the consolidated mid, -1 to +1. Plus is more "
        f"bids. A band that no venue shows whole is empty. {LONELY}",
        Query(group("obi_band_imbalance_ratio", band_bps="5|10|25"), "{{symbol}} {{band_bps}} bp"),
    ),
)

DETAILS = (
    Detail(
        "Prices",
        (
            lines(
                "Best bid and ask of all",
                f"Best bid and best ask over all venues, in the quote currency. {LONELY}",
                *sides(QUOTES, lambda side: group("obi_best_price", side=side), by=BY_SYMBOL),
                sided=True,
            ),
            net_lines(
                "Size there",
                f"Sizes at those prices, summed over the venues that stand there, in base units. {LONELY}",
                *sides(
                    QUOTES,
                    lambda side: group("obi_best_size_base_units", side=side),
                    by=BY_SYMBOL,
                    against=True,
                ),
                sided=True,
            ),
            lines(
                "Dispersion",
                f"Highest mid of the venues over the lowest, less one, in basis points. {LONELY}",
                Query(f"1e4 * {group('obi_price_dispersion_ratio')}", BY_SYMBOL),
                unit=BP,
                low=0,
            ),
            unit_lines(
                "Left out",
                "1 while a venue's mid is more than 100 bp off the median of the others: the consolidated "
                "book is without it.",
                Query(book("obi_consolidated_outlier"), BY_BOOK),
            ),
        ),
    ),
    Detail(
        "Who holds the depth",
        side_by_side(
            share_lines(
                "Share of depth within 10 bp",
                "Share of each venue in the worth of bids and asks within 10 bp of its own mid. Empty "
                f"where a venue does not show so far. {LONELY}",
                Query(book("obi_venue_depth_share_ratio", band_bps="10"), BY_BOOK),
            ),
            unit_lines(
                "Concentration",
                "Herfindahl index of those shares: 1 is one venue alone, 1/n is n equal ones.",
                Query(group("obi_depth_herfindahl_ratio", band_bps="10"), BY_SYMBOL),
            ),
            signed_lines(
                "Venues' imbalance, each counting the same",
                "Mean of the venues' own imbalance within 5 and 10 bp, -1 to +1. Plus is more bids. Far "
                "from the chart on top: the large venue leans the other way.",
                Query(group("obi_mean_venue_imbalance_ratio", band_bps="5|10"), "{{symbol}} {{band_bps}} bp"),
            ),
        ),
    ),
    Detail(
        "Arbitrage",
        (
            lines(
                "Edge after fees",
                "What buying at the first venue and selling at the second gives after taker fees, in basis "
                f"points. Only what is above zero can be had. {LONELY}",
                Query(f"1e4 * {group('obi_arbitrage_edge_ratio')}", PAIR),
                unit=BP,
                marks=beyond(0),
            ),
            lines(
                "Gain",
                f"Profit after fees at the sizes shown, in the quote currency. {LONELY}",
                Query(group("obi_arbitrage_profit_quote_units"), PAIR),
                unit=AMOUNT,
                low=0,
            ),
            lines(
                "Size",
                f"How much could be bought and sold at a gain, in base units. {LONELY}",
                Query(group("obi_arbitrage_quantity_base_units"), PAIR),
                unit=AMOUNT,
                low=0,
            ),
            time_lines(
                "For how long",
                "How long the edge has stood. Long ones are rarely real: look at latency, and whether a "
                "venue is shut for withdrawals.",
                Query(group("obi_arbitrage_run_seconds"), PAIR),
            ),
        ),
    ),
    Detail(
        "Who leads",
        (
            *side_by_side(
                lines(
                    "Lead",
                    "Lag at which the mids of two venues go together the most. Above zero the first venue "
                    f"moves first, below zero the second. Read it with the correlation beside it. {LONELY}",
                    Query(group("obi_lead_lag_seconds"), LEADER),
                    unit=SECONDS,
                    centred=True,
                ),
                signed_lines(
                    "Correlation at that lag",
                    "How strongly they go together at that lag, -1 to +1. Below about 0.3 the lag says nothing.",
                    Query(group("obi_lead_lag_correlation_ratio"), LEADER),
                ),
                lines(
                    "Evidence",
                    "Squared correlations with the first venue ahead over those with the second ahead. Above 1 "
                    "the first leads.",
                    Query(group("obi_lead_lag_ratio"), LEADER),
                    low=0,
                    marks=beyond(1),
                ),
            ),
            signed_lines(
                "Moving together",
                "Mean correlation between the venues of what happens within a second, over 300 s: "
                "imbalance, order flow, mid. Empty until there is some history.",
                Query(group("obi_contagion_correlation_ratio", over=""), "{{symbol}} {{metric}}"),
            ),
            unit_lines(
                "Share of one common factor",
                "Share of the variance over venues that one factor explains: 1 is one market in all but name.",
                Query(group("obi_contagion_absorption_ratio", over=""), "{{symbol}} {{metric}}"),
            ),
            signed_lines(
                "Symbols moving together",
                "Mean correlation between the symbols of a basket (a venue's linear books, or one from the "
                "configuration) of what happens within a second, over 300 s. Near 1 there is one market.",
                Query(basket("obi_contagion_correlation_ratio"), "{{symbol}} {{metric}}"),
            ),
            unit_lines(
                "One common factor of the symbols",
                "Share of the variance over a basket's symbols that one factor explains: what hits one hits "
                "all where it is 1.",
                Query(basket("obi_contagion_absorption_ratio"), "{{symbol}} {{metric}}"),
            ),
        ),
    ),
    Detail(
        "Funding",
        (
            lines(
                "Funding by venue",
                "Funding per 8 hours in basis points: above zero longs pay shorts. Only perpetuals have it.",
                Query(f"1e4 * {book('obi_funding_rate_ratio')}", BY_BOOK),
                unit=BP,
                centred=True,
            ),
            lines(
                "Funding apart",
                "Highest less lowest funding per 8 hours over the venues, in basis points: what a position "
                "long here and short there earns. Empty unless two venues tell a rate.",
                Query(f"1e4 * {group('obi_funding_dispersion_ratio')}", BY_SYMBOL),
                unit=BP,
                low=0,
            ),
        ),
    ),
)

BOARD = Board(
    "steelyard-cross-venue",
    "Steelyard: Cross-venue",
    "One symbol over all venues: do they agree, who leads, who holds the depth, is there an edge after fees.",
    NOW,
    DETAILS,
    symbol="BTC-USDT",
)
