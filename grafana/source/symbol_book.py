"""Closed rows of the symbol dashboard about its book: the touch, and what stands behind it."""

from __future__ import annotations

from .board import Detail
from .colours import beyond
from .panels import BP, lines, net_lines, signed_lines, unit_lines, whole_lines
from .queries import BY_BOOK, QUOTES, TAKERS, Query, book, per, sides

PRICE = Detail(
    "Price and spread",
    (
        lines(
            "Best bid and ask",
            "The touch of each venue, in the quote currency. Bids are blue, asks orange.",
            *sides(QUOTES, lambda side: book("obi_best_price", side=side)),
            sided=True,
        ),
        lines(
            "Spread",
            "Best ask less best bid over the mid, in basis points. The dashed line is where ObiSpreadWide "
            "begins to look.",
            Query(f"1e4 * {book('obi_spread_ratio')}", BY_BOOK),
            unit=BP,
            low=0,
            marks=beyond(5),
        ),
        lines(
            "Where the mid is drawn",
            "Weighted mid and micro-price less the mid, in basis points: plus says that the ask is "
            "likelier to give way. The micro-price falls back to the weighted mid until it has learned "
            "from the book.",
            Query(
                f"1e4 * ({book('obi_weighted_mid_price')} / {book('obi_mid_price')} - 1)",
                f"{BY_BOOK} weighted",
            ),
            Query(f"1e4 * ({book('obi_micro_price')} / {book('obi_mid_price')} - 1)", f"{BY_BOOK} micro"),
            unit=BP,
            centred=True,
        ),
        lines(
            "What takers paid",
            "Effective spread: twice the distance of prints from the mid just before them, over the mid, "
            "weighted by volume, in basis points. Empty until prints fill its window.",
            Query(f"1e4 * {book('obi_effective_spread_ratio')}", BY_BOOK),
            unit=BP,
        ),
        lines(
            "What makers kept",
            "Realised spread five seconds after prints, in basis points: below zero who quoted lost to who "
            "took. Empty until prints fill its window.",
            Query(f"1e4 * {book('obi_realized_spread_ratio', horizon='5s')}", BY_BOOK),
            unit=BP,
            centred=True,
        ),
        unit_lines(
            "Next move of the mid",
            "Probability that the next change of the mid is up, by the queues; with 1s or 5s, that the mid "
            "stands higher so long from now if it changes, by queues, depth, flow and trades. 0.5 is no "
            "idea. How good the first is stands under Surveillance; empty until they have learned.",
            Query(book("obi_p_up_ratio"), BY_BOOK),
            Query(book("obi_p_up_horizon_ratio"), f"{BY_BOOK} {{{{horizon}}}}"),
        ),
    ),
)

DEPTH = Detail(
    "Book and depth",
    (
        net_lines(
            "Depth within 10 bp",
            "Worth of bids (above zero) and asks (below) within 10 bp of the mid, in the quote currency. "
            "Empty where the venue does not show so far.",
            *sides(
                QUOTES, lambda side: book("obi_depth_quote_units", band_bps="10", side=side), against=True
            ),
            sided=True,
        ),
        signed_lines(
            "Imbalance by band",
            "Bid less ask size over their sum within 5, 25 and 100 bp of the mid, mean over venues, -1 to "
            "+1. Plus is more bids. A band that no venue shows whole is empty.",
            per(
                "symbol, band_bps",
                book("obi_band_imbalance_ratio", band_bps="5|10|25|50|100"),
                "avg",
                also="bp",
            ),
        ),
        signed_lines(
            "Imbalance that stood",
            "Imbalance of ten levels, of what stood for 3 s, -1 to +1. Plus is more bids. Compare with the "
            "one on top: what is there and not here has just been put up. Empty for 3 s after a new "
            "snapshot.",
            Query(book("obi_persistent_depth_imbalance_ratio", levels="10"), BY_BOOK),
        ),
        lines(
            "Bids less asks against the last hour",
            "Bids less asks within 25 bp, in standard deviations from their mean of an hour. Plus is more "
            "bids. The dashed lines are where ObiPressureExtreme begins.",
            Query(book("obi_book_pressure_zscore"), BY_BOOK),
            centred=True,
            marks=beyond(-4, 4),
        ),
        lines(
            "Cost of a market order",
            "What buying (above zero) and selling (below) 100,000 of the quote currency costs against the "
            "mid, in basis points without fees. Empty where the book shown does not fill it.",
            *sides(
                TAKERS,
                lambda side: f"1e4 * {book('obi_impact_cost_ratio', notional='100000', side=side)}",
                against=True,
            ),
            unit=BP,
            centred=True,
            sided=True,
        ),
        lines(
            "Round trip by size",
            "Cost of buying and selling the same amount at once over the mid, in basis points without "
            "fees, cheapest venue, for 10,000 to 1,000,000 of the quote currency.",
            Query(
                "1e4 * min by (symbol, notional) "
                f"({book('obi_round_trip_cost_ratio', notional='10000|100000|1000000')})",
                "{{symbol}} {{notional}}",
            ),
            unit=BP,
            low=0,
        ),
        whole_lines(
            "Share of 1,000,000 that fills",
            "Share of a market order for 1,000,000 of the quote currency that the book as shown would "
            "fill. 1 is all of it.",
            *sides(TAKERS, lambda side: book("obi_fill_ratio", notional="1000000", side=side)),
            sided=True,
        ),
        lines(
            "Widest hole",
            "Widest distance between neighbouring levels within 25 bp, relative to the mid, in basis points.",
            *sides(QUOTES, lambda side: f"1e4 * {book('obi_liquidity_gap_ratio', band_bps='25', side=side)}"),
            unit=BP,
            low=0,
            sided=True,
        ),
    ),
)

DETAILS = (PRICE, DEPTH)
