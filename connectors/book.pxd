# C-level face of book.py: the metrics and the sync read the book through it.

cimport cython
from .changes cimport Changes
from .wire cimport Scanner

@cython.final
cdef class Side:
    cdef public int sign
    cdef readonly int count
    cdef bint keep_text
    # levels: 32 a block
    cdef long long* keys
    cdef long long* sizes
    cdef int* texts
    cdef int* orders
    cdef bint counted
    # by position, best first
    cdef int blocks, hint
    cdef long long* first
    cdef int* order
    # by block
    cdef int made, free_count
    cdef int* fill
    cdef int* free
    cdef double* lots
    cdef double* value
    cdef signed char* stale
    # what one is worth
    cdef double price_unit, up, down
    cdef bint inverse
    # the best levels, as Book keeps them
    cdef long long edge
    cdef bint dirty
    # answers of sum_to and _sum
    cdef readonly double base, quote
    cdef readonly long long reached, passed
    cdef double sum_lots, sum_value
    cdef int walked
    cdef double walked_lots, walked_value

    cdef int _grow(self, int blocks) except -1
    cdef void clear(self) noexcept
    cdef int _position(self, long long key) noexcept
    cdef int count_orders(self) except -1
    cdef long long put(self, long long key, long long size, int text, int orders) except -1
    cdef void _remove(self, int position, int rank) noexcept
    cdef void _shift(self, int source, int to, int levels) noexcept
    cdef void _merge(self, int position) noexcept
    cdef int _insert(self, int position, int rank, long long key, long long size, int text, int orders) except -1
    cdef int _open_block(self, int position) except -1
    cdef int _split(self, int position) except -1
    cdef void _close_block(self, int position) noexcept
    cpdef long long best(self) noexcept
    cpdef long long worst(self) noexcept
    cpdef int trim(self, int most) noexcept
    cdef int tell(self, Changes log, int rank) except -1
    cdef void scale(self, long long price_factor, long long size_factor) noexcept
    cdef void set_units(self, double price_unit, double up, double down, bint inverse) noexcept
    cdef int top(
        self, int most, long long[::1] keys, double[::1] price, double[::1] size, double[::1] total, int[::1] orders
    ) noexcept
    cpdef void sum_to(self, long long key, bint on=*) noexcept
    cpdef void take(self, double size, long long last) noexcept
    cdef int copied(self, long long key, int room, double* price, double* size) noexcept
    cdef void _freshen(self, int block) noexcept
    cdef void _sum(self, int block, int levels) noexcept
    cpdef double decayed(self, double mid, double scale, long long last) noexcept
    cdef double _worth(self, int k) noexcept

@cython.final
cdef class Book:
    cdef readonly Side bids, asks
    cdef readonly int price_places, size_places
    cdef readonly double contract_size, multiplier
    cdef readonly bint inverse
    cdef readonly bint keep_text
    cdef public int most
    cdef readonly bint capped
    cdef readonly long long version
    cdef readonly Changes log
    cdef public long long bid_floor, ask_ceiling
    cdef readonly bint moved
    cdef long long seen_floor, seen_ceiling
    cdef readonly int tops
    # the best TOP levels of each side, best first
    cdef readonly int bid_count, ask_count
    cdef long long[::1] bid_key, ask_key
    cdef double[::1] bid_price, ask_price
    cdef double[::1] bid_size, ask_size
    cdef double[::1] bid_total, ask_total
    cdef int[::1] bid_orders, ask_orders
    cdef public bint wants_orders
    cdef readonly bint counted

    cpdef void follow(self, Changes log)
    cpdef void rebase(self) noexcept
    cpdef int settle(self, bint fresh) except -1
    cpdef void clear(self)
    cpdef int apply(self, Scanner scan, int start, int end) except -1
    cdef int _level(
        self, int side, long long price, int price_places, long long size, int size_places, int text, int orders
    ) except -1
    cpdef int put(
        self, int side, long long price, int price_places, long long size, int size_places, int text
    ) except -1
    cdef int _tell_trimmed(self, int depth) except -1
    cdef double power(self, int places) noexcept
    cpdef bint refresh(self) noexcept
    cpdef void move(self) noexcept
    cpdef bint crossed(self) noexcept
    cpdef bint widen(self, int price_places, int size_places) except *
    cpdef void truncate(self, int depth) noexcept
    cdef bint bids_reach(self, int levels) noexcept
    cdef bint asks_reach(self, int levels) noexcept
    cdef bint limits_bids(self) noexcept
    cdef bint limits_asks(self) noexcept
    cpdef double bid_sum(self, int levels) noexcept
    cpdef double ask_sum(self, int levels) noexcept
