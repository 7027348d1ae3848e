# C-level face of near_sizes.py.

from connectors.book cimport Book, Side

cdef class NearSizes:
    cdef double width
    cdef int side
    cdef double sign
    cdef readonly int count
    cdef int room
    cdef double* price
    cdef double* size
    cdef double* ordered
    cdef int _grow(self, int room) except? -1
    cdef void clear(self) noexcept
    cdef int _price_rank(self, double price) noexcept
    cdef int _size_rank(self, double size) noexcept
    cdef int put(self, double price, double size) except? -1
    cdef void _drop(self, int rank) noexcept
    cdef void _drop_size(self, double size) noexcept
    cdef void _insert_size(self, double size) noexcept
    cdef int _add(self, int rank, double price, double size) except? -1
    cdef int follow(self, Book book, double mid) except? -1
    cdef int _extend(self, Side side, long long limit) except? -1
    cpdef double median_without(self, double price)
    cdef void _change_size(self, double old, double new) noexcept
    cdef double lowest_median(self) noexcept
