# C-level face of sync.py: a pair of the venue, and whoever listens to it.

from .book cimport Book
from .delays cimport Delays
from .rules cimport Rule
from .wire cimport Scanner

cdef class Pair

cdef class Listener:
    cpdef int book_changed(self, Pair pair, int kind, long long t, long long now) except? -1
    cpdef int traded(self, Pair pair, double price, double size, double quote, int side, long long t, long long now) except? -1
    cpdef int state_changed(self, Pair pair, long long now) except? -1
    cpdef int step_due(self, Pair pair, long long t) except? -1
    cpdef int leaving(self, Pair pair, long long now) except? -1

cdef class Pair:
    cdef readonly bytes wire
    cdef readonly str native
    cdef public object instrument
    cdef readonly object venue
    cdef public Listener listener
    cdef public Delays arrivals
    cdef readonly Book book
    cdef readonly object uncrossing
    cdef Rule rule
    cdef object checksum
    cdef public int state
    cdef public str reason
    cdef public int depth
    cdef readonly bint loaded, joined
    cdef public bint carries_book, carries_trades
    cdef readonly long long update_id, event_time, received, image_time
    cdef readonly long long updates, dropped, ignored, gaps, crossed_count, checksums_ok, checksums_failed, resyncs
    cdef readonly long long trades, taker_buy, taker_sell, trade_gaps, excluded, dropped_trades
    cdef readonly dict resyncs_by_reason
    cdef public long long trade_id
    cdef public bytes trade_kind
    cdef public list held
    cdef public long long crossed_since
    cdef int crossed_run
    cdef public bint wants_snapshot
    cdef public long long due, grid_due
    cdef public object backoff
    cdef public str step
    cdef public long long subscribed
    cdef public long long trades_since
    cdef public bint carries_derivatives
    cdef public long long derivatives_since
    cdef readonly long long liquidations
    cdef tuple last_print
    cdef bint marks_liquidations
    cdef public bint collecting, compared
    cdef long long heard
    cdef bint unnumbered
    cdef int trade_number
    cdef bytes last_frame
    cdef bint fresh_image
    cdef bint of_images
    cdef readonly long long differences

    cdef bint _is_late(self, long long t)
    cpdef int check(self, Scanner scan, int record, long long now) except? -1
    cpdef int update(self, Scanner scan, int record, int kind, bytes frame, long long now) except? -1
    cdef int _numbered(self, Scanner scan, int record, bytes frame, long long now) except? -1
    cdef int _apply(self, Scanner scan, int record, long long last, long long t, long long now) except? -1
    cdef int _settled(self, Scanner scan, int record, int kind, long long t, long long now) except? -1
    cpdef int replace(self, Scanner scan, int record, long long now, int kind, int limit) except? -1
    cpdef int trade(self, Scanner scan, int record, int side, long long now) except? -1
    cpdef int lose(self, str reason, long long now) except? -1
    cdef int _set(self, int state, str reason, long long now) except? -1
