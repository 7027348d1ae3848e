# C-level face of prices.py.

from libc.string cimport memcpy

cdef inline unsigned long long mixed(double price) noexcept:
    """The bits of a price, mixed: the highest are as good as drawn, and may choose a place in a table."""
    cdef unsigned long long bits
    memcpy(&bits, &price, sizeof(price))
    return (bits ^ (bits >> 29)) * <unsigned long long> 0x9E3779B97F4A7C15

cdef class TimeByPrice:
    cdef readonly int count
    cdef int room
    cdef double* price
    cdef long long* time
    cpdef void clear(self) noexcept
    cdef int _place(self, double price) noexcept
    cpdef int put(self, double price, long long t) except? -1
    cpdef long long pop(self, double price) noexcept
    cdef int _grow(self) except? -1
