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
    cdef double* spare
    cdef int below  # of the sizes, that are less than the pivot
    cdef double pivot, roof
    # while `ordered`: `same` sizes equal the pivot, then `known` follow, ascending, then those that equal the roof
    cdef bint ordered
    cdef int same, known
    cdef double[128] near
    cdef int _grow(self, int room) except? -1
    cdef void clear(self) noexcept
    cdef int _price_rank(self, double price) noexcept
    cdef int put(self, double price, double size) except? -1
    cdef void _drop(self, int rank) noexcept
    cdef int _add(self, int rank, double price, double size) except? -1
    cdef int follow(self, Book book, double mid) except? -1
    cdef int _extend(self, Side side, long long limit) except? -1
    cpdef double median_without(self, double price)
    cdef double lowest_median(self) noexcept
    cdef bint _order(self) noexcept
    cdef bint _gathered(self) noexcept
    cdef void _copy(self, int own) noexcept
    cdef double _nth(self, int count, int n) noexcept
    cdef void _seek(self) noexcept
    cdef int _rank(self, double size) noexcept
    cdef double _ranked(self, int rank) noexcept
