"""One symbol at every venue that has it: prices, book, flow, trades, and what they rest on."""

from __future__ import annotations

from .. import symbol_book, symbol_flow
from ..board import Board
from ..colours import falling, rising
from ..panels import AMOUNT, BP, NUMBER, lines, net_lines, share_stat, signed_lines, signed_stat, stat
from ..queries import BY_BOOK, Query, book

NOW = (
    stat(
        "Mid",
        "Median of the mids of the chosen books, in the symbol's quote currency. It means something while "
        "one symbol is chosen. Empty while no chosen book is live.",
        f"quantile(0.5, {book('obi_mid_price')})",
    ),
    stat(
        "Spread",
        "Best ask less best bid over the mid, in basis points, of the tightest chosen book. Orange from 5 "
        "bp, where ObiSpreadWide begins to look. Empty while no chosen book is live.",
        f"1e4 * min({book('obi_spread_ratio')})",
        unit=BP,
        decimals=2,
        steps=rising(5, 20),
    ),
    signed_stat(
        "Bids against asks",
        "Bid less ask worth within 10 bp over their sum, all chosen books together, -1 to +1. Plus is more "
        "bids. Empty while no venue shows 10 bp.",
        f"(sum({book('obi_depth_quote_units', band_bps='10', side='bid')}) "
        f"- sum({book('obi_depth_quote_units', band_bps='10', side='ask')})) "
        f"/ sum({book('obi_depth_quote_units', band_bps='10')})",
    ),
    stat(
        "Depth within 10 bp",
        "Worth of bids and asks within 10 bp of the mid, all chosen books together, in the quote currency. "
        "Empty while no venue shows 10 bp.",
        f"sum({book('obi_depth_quote_units', band_bps='10')})",
        unit=AMOUNT,
    ),
    signed_stat(
        "Takers, 60 s",
        "Taker buys less sells over their sum, last 60 s, mean over the chosen books: +1 is all buying. "
        "Empty while nothing was traded in that time.",
        f"avg({book('obi_trade_flow_imbalance_ratio', window='60s')})",
    ),
    signed_stat(
        "Pressure",
        "Pressure score, mean over the chosen books, -1 to +1: queue, depth and trade imbalance and order "
        "flow in one number. Plus is buy pressure.",
        f"avg({book('obi_pressure_score_ratio')})",
    ),
    stat(
        "Cost of 100,000",
        "What a market order for 100,000 of the quote currency costs against the mid at the cheapest "
        "chosen venue, dearer side, in basis points without fees. Empty where no venue shows enough to "
        "fill it.",
        f"1e4 * min(max by (venue, symbol) ({book('obi_impact_cost_ratio', notional='100000')}))",
        unit=BP,
        decimals=2,
    ),
    share_stat(
        "Books live",
        "Share of the chosen books that are proven at this moment. The others are missing from the panels.",
        f"avg({book('obi_book_state', state='live')})",
        steps=falling(1, 0.5),
    ),
    lines(
        "Mid by venue",
        "Halfway between best bid and best ask, by venue, in the quote currency. A line breaks while its "
        "book is not live.",
        Query(book("obi_mid_price"), BY_BOOK),
        unit=NUMBER,
    ),
    signed_lines(
        "Bids against asks by venue",
        "Depth imbalance of the best ten levels by venue, averaged over time, -1 to +1. Plus is more bids. "
        "Empty where the venue shows fewer levels.",
        Query(book("obi_depth_imbalance_ratio", levels="10", stat="twa"), BY_BOOK),
    ),
    net_lines(
        "Order flow, 10 s",
        "Net size added to bids and taken from asks at the touch within 10 s, in base units, by venue. "
        "Plus is buy pressure. Empty for the first seconds of a feed.",
        Query(book("obi_ofi_base_units", window="10s"), BY_BOOK),
    ),
    net_lines(
        "Taker delta, 60 s",
        "What takers bought less what they sold within 60 s, in base units, by venue. Plus is buying.",
        Query(book("obi_volume_delta_base_units", window="60s"), BY_BOOK),
    ),
)

BOARD = Board(
    "steelyard-symbol",
    "Steelyard: Symbol",
    "One symbol at every venue that has it. Choose the symbol above; several are possible, and then crowded.",
    NOW,
    (*symbol_book.DETAILS, *symbol_flow.DETAILS),
    symbol="BTC-USDT",
)
