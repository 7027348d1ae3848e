# C-level face of declare.py: what each metric is given and may override. No metric needs a .pxd of its own.

from connectors.book cimport Book
from connectors.changes cimport Changes
from .bands cimport Bands
from .windows cimport Coverage, RollingState, RollingSums

cdef class Context:
    cdef readonly Book book
    cdef readonly Changes changes
    cdef readonly Coverage books, trades, liquidations
    cdef readonly object derivative
    cdef public bint flow_withheld
    cdef public double tick
    cdef public double mid, earlier
    cdef public long long mid_since
    cdef public int phase
    cdef public double agreement, toxicity, lot, micro
    cdef public object report
    cdef dict _bands, _shared
    cdef public double last_price
    cdef public int last_side
    cdef public double bought, sold, bought_worth, sold_worth
    cdef public long long prints
    cpdef bint is_turn(self, long long t, int every, int after) noexcept
    cdef void count_print(self, double size, double quote, int side) noexcept
    cdef void see_mid(self, long long t, Book book) noexcept
    cdef void move_mid(self, long long t, double mid) noexcept
    cdef double mid_before(self, long long t) noexcept
    cdef int inferred_side(self, double price) noexcept

cdef class Metric:
    cdef readonly dict params
    cdef readonly Context context
    cdef double[::1] row
    cdef readonly object cells
    cdef readonly int at
    cpdef int update(self, Book book, int kind, long long t) except? -1
    cpdef int traded(self, double price, double size, double quote, int side, long long t) except? -1
    cpdef int paused(self, long long t) except? -1
    cpdef int lost(self, long long t) except? -1
    cpdef int refresh(self, Book book, long long t) except? -1
    cpdef int sample(self, Book book, long long t, bint whole) except? -1
