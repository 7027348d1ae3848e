"""How a venue's frame is laid out: a mirror of its JSON in which each leaf names what stands there.

A venue writes the layout down as data, and the compiled scanner (`wire.py`) reads frames by it:

    {"stream": ..., "data": {"e": KIND, "s": SYMBOL, "U": FIRST, "u": LAST, "b": BIDS, "a": ASKS | ID}}

A key may hold a scalar in one message and levels in another (Binance's `a`): `Leaf | Rows` says so.
An object stays in the record of its parent; each object in a list opens a record of its own.

A list whose members are told apart by their place is written with `places`, and where a word in it says how the rest
reads, with `words`: [217,[100.5,2,-3.1],18] and [217,"te",[…],19] are both

    places(CHANNEL, ROWS | words(te=[places(ID, TIME, SIGNED_SIZE, PRICE), SEQUENCE]), SEQUENCE)
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace


class Slot(enum.IntEnum):
    """What a scalar in a frame means."""

    KIND = 0  # which kind of message this is; looked up in Venue.kinds
    ACTION = 1  # snapshot or update, where the kind alone does not tell
    SYMBOL = 2  # the venue's id of the instrument
    FIRST = 3  # first update id in this message
    LAST = 4  # last update id in this message
    PREVIOUS = 5  # id of the message before
    SEQUENCE = 6  # counter over all frames of the connection
    TIME = 7  # time in the matching engine
    SENT = 8  # time at which the venue pushed the message
    CHECKSUM = 9
    PRICE = 10  # of a trade, or of a message with a single level
    SIZE = 11
    SIDE = 12
    ID = 13  # of a trade
    EXCLUDE = 14  # tells a print that did not happen on the book (block trade, insurance fund)
    REPLY = 15  # stands in answers to requests alone: the frame is read by Venue.control, whatever its KIND
    WHOLE = 16  # stands, whatever its value, in whole books alone
    CHANNEL = 17  # number that the venue gave a subscription, in place of its names
    LIQUIDATION = 18  # tells a print that closed a position by force, by a word of `Venue.liquidated`


SLOTS = len(Slot)


@dataclass(frozen=True)
class Rows:
    """A list of price levels. Rows are lists (`price`, `size`, `side` are places) or objects (they are keys).

    Where both sides stand in one list, `side` says where a row names its side and `bid` which word means bid; or the
    size is `signed`: minus is an ask. `count` is the place of a number of orders: 0 removes the level, whatever its size
    says; `orders` is the place (the key) of one that only tells. `lone` rows may stand without the list around them
    (`Kind.ROWS`).
    `names` are the keys of price and size where a row may be a list in one message and an object in another.
    Where `padded`, a row with price 0 is no level, whatever its size.
    """

    price: int | str = 0
    size: int | str = 1
    side: int | str | None = None
    bid: str = ""
    fixed: int = -1  # 0: every row is a bid, 1: every row is an ask
    names: tuple[str, str] | None = None
    padded: bool = False
    signed: bool = False
    count: int | None = None
    orders: int | str | None = None
    lone: bool = False


@dataclass(frozen=True)
class Leaf:
    """A scalar, and what else may stand at the same key in other messages.

    `again`: a list whose rows hold a bid and an ask each is read twice, by `rows` and by these. `twin` is a second
    slot for the same scalar.
    """

    slot: Slot | None = None
    rows: Rows | None = None
    inside: dict[str, Layout] | None = None
    again: Rows | None = None
    twin: Slot | None = None
    signed: bool = False  # of a SIZE: its sign is the SIDE, "-" or ""
    members: tuple[Layout, ...] | None = None  # of a list, by their place
    after: dict[str, tuple[Layout, ...]] | None = None  # word at this place -> members of the list behind it

    def __or__(self, other: Leaf) -> Leaf:
        return Leaf(
            self.slot if other.slot is None else other.slot,
            self.rows if other.rows is None else other.rows,
            self.inside if other.inside is None else other.inside,
            self.again if other.again is None else other.again,
            self.twin if other.twin is None else other.twin,
            self.signed or other.signed,
            self.members if other.members is None else other.members,
            self.after if other.after is None else other.after,
        )


Layout = Leaf | dict[str, "Layout"]

KIND, ACTION, SYMBOL = Leaf(Slot.KIND), Leaf(Slot.ACTION), Leaf(Slot.SYMBOL)
FIRST, LAST, PREVIOUS, SEQUENCE = Leaf(Slot.FIRST), Leaf(Slot.LAST), Leaf(Slot.PREVIOUS), Leaf(Slot.SEQUENCE)
TIME, SENT, CHECKSUM = Leaf(Slot.TIME), Leaf(Slot.SENT), Leaf(Slot.CHECKSUM)
PRICE, SIZE, SIDE, ID, EXCLUDE = (
    Leaf(Slot.PRICE),
    Leaf(Slot.SIZE),
    Leaf(Slot.SIDE),
    Leaf(Slot.ID),
    Leaf(Slot.EXCLUDE),
)
REPLY, WHOLE = Leaf(Slot.REPLY), Leaf(Slot.WHOLE)
SIGNED_SIZE, CHANNEL = Leaf(Slot.SIZE, signed=True), Leaf(Slot.CHANNEL)
LIQUIDATION = Leaf(Slot.LIQUIDATION)


def bids(rows: Rows = Rows()) -> Leaf:
    """Levels that are all bids."""
    return Leaf(rows=replace(rows, fixed=0))


def asks(rows: Rows = Rows()) -> Leaf:
    """Levels that are all asks."""
    return Leaf(rows=replace(rows, fixed=1))


def changes(rows: Rows) -> Leaf:
    """Levels of both sides in one list; each row names its side."""
    return Leaf(rows=rows)


def ladder(bid: Rows, ask: Rows) -> Leaf:
    """Rows with a bid and an ask each."""
    return Leaf(rows=replace(bid, fixed=0), again=replace(ask, fixed=1))


def places(*members: Layout) -> Leaf:
    """A list with a meaning for each place."""
    return Leaf(members=members)


def words(**after: tuple[Layout, ...]) -> Leaf:
    """A word in a list (the KIND of its frame), and what stands behind each."""
    return Leaf(Slot.KIND, after=after)


BIDS, ASKS = bids(), asks()


class Kind(enum.IntEnum):
    """What a message does, once its KIND is known."""

    CONTROL = 0  # an ack, an error, a notice: read in Python by Venue.control
    BOOK = 1  # levels; ACTION says whether all of them (a snapshot) or changes
    SNAPSHOT = 2  # levels: the whole book
    DELTA = 3  # levels: changes
    IMAGE = 4  # levels: the whole book from a channel that knows no changes
    TRADE = 5
    HEARTBEAT = 6  # proves life and nothing else
    IGNORED = 7  # known and of no use here
    LEVEL = 8  # a change of one level, in PRICE, SIZE and SIDE; a size that is not above 0 removes it
    ROWS = 9  # levels: the whole book where they stand in a list, a change where a row stands alone
    CHECK = 10  # CHECKSUM of the book as it is now
    DERIVATIVE = 11  # liquidations, open interest, funding, prices: read in Python by Venue.read_derivatives
