# C-level face of book.py: the metrics and the sync read the book through it.

cimport cython
from .wire cimport Scanner

@cython.final
cdef class Side:
    cdef public int sign
    cdef readonly int count
    cdef bint keep_text
    cdef long long[::1] keys, sizes
    cdef int[::1] texts
    cdef int blocks, made, free_count, hint
    cdef int[::1] order, fill, free
    cdef long long[::1] first
    cdef double[::1] block_base, block_quote
    cdef signed char[::1] stale
    cdef readonly double base, quote
    cdef double unit
    cdef double price_unit
    cdef bint inverse

    cdef void clear(self) noexcept
    cdef int _position(self, long long key) noexcept
    cdef int _rank_in(self, int block, long long key) noexcept
    cdef long long put(self, long long key, long long size, int text)
    cdef void _remove(self, int position, int rank) noexcept
    cdef int _insert(self, int position, int rank, long long key, long long size, int text) except? -1
    cdef int _open_block(self, int position)
    cdef void _split(self, int position)
    cdef void _merge(self, int position) noexcept
    cdef void _close_block(self, int position) noexcept
    cpdef long long best(self) noexcept
    cpdef long long worst(self) noexcept
    cpdef int trim(self, int most) noexcept
    cdef void _sum(self, int block) noexcept
    cpdef void sum_to(self, long long key) noexcept
    cdef double decayed(self, double mid, double scale, long long last) noexcept
    cdef int top(self, int most, long long[::1] keys, double[::1] price, double[::1] size) noexcept
    cpdef void scale(self, long long price_factor, long long size_factor) noexcept

@cython.final
cdef class Book:
    cdef readonly Side bids, asks
    cdef readonly int price_places, size_places
    cdef readonly double contract_size
    cdef readonly bint inverse
    cdef readonly bint keep_text
    cdef public int most
    cdef readonly bint capped
    cdef readonly long long version
    cdef readonly long long changes
    cdef readonly int changed
    cdef public long long bid_floor, ask_ceiling
    cdef unsigned long long[::1] tens
    cdef long long bid_edge, ask_edge
    cdef readonly int tops
    cdef bint top_stale
    # the best TOP levels of each side, best first
    cdef readonly int bid_count, ask_count
    cdef long long[::1] bid_key, ask_key
    cdef double[::1] bid_price, ask_price
    cdef double[::1] bid_size, ask_size

    cpdef void clear(self)
    cpdef int apply(self, Scanner scan, int start, int end)
    cdef int _level(self, int side, long long price, int price_places, long long size, int size_places, int text)
    cpdef int put(self, int side, long long price, int price_places, long long size, int size_places, int text)
    cdef double power(self, int places) noexcept
    cpdef bint refresh(self)
    cpdef bint crossed(self) noexcept
    cpdef bint widen(self, int price_places, int size_places)
    cpdef void truncate(self, int depth) noexcept
    cdef bint bids_reach(self, int levels) noexcept
    cdef bint asks_reach(self, int levels) noexcept
    cdef double bid_sum(self, int levels) noexcept
    cdef double ask_sum(self, int levels) noexcept
