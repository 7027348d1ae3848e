# C-level face of costs.py.

from connectors.book cimport Book

cdef class Costs:
    cdef readonly int count
    cdef double[::1] notionals
    cdef double[::1] buy, sell, buy_fill, sell_fill, buy_price, sell_price
    cdef object seen
    cdef long long version
    cdef double share
    cpdef int bring(self, Book book) except? -1
    cdef bint is_known(self, double base, double size, bint limited) noexcept
