# C-level face of quote_chain.py.

cdef class QuoteChain:
    cdef readonly int buckets, spreads, states, iterations
    cdef double[::1] still, moved
    cdef readonly double[::1] visits
    cdef double[::1] jumps
    cdef readonly double[::1] g, adjustment
    cdef readonly bint fitted
    cpdef int state(self, double bid, double bid_size, double ask, double ask_size, double tick) noexcept
    cpdef int mirror(self, int state) noexcept
    cpdef void count(self, int one, int other, double jump) noexcept
    cdef void _add(self, int one, int other, double jump) noexcept
    cpdef void decay(self, double factor) noexcept
