# C-level face of near_sizes.py.

from connectors.book cimport Book, Side

cdef class NearSizes:
    cdef double width
    cdef int side
    cdef double sign
    cdef readonly int count
    cdef bint counted
    cdef double last  # price, times the sign, up to which levels are counted
    cdef double price_unit, up, down  # what the sizes were counted in
    cdef int below  # of the sizes, that are less than the pivot
    cdef double pivot, roof
    # the distinct sizes from the pivot to the roof, ascending, and how many levels have each
    cdef int known, inside
    cdef double[128] value
    cdef int[128] number
    # where a rank was found last: `passed` levels from the pivot on are smaller than the size there
    cdef int cursor, passed
    cdef void clear(self) noexcept
    cdef void put(self, double price, double old, double new) noexcept
    cdef void _come(self, double size) noexcept
    cdef void _go(self, double size) noexcept
    cdef int _place(self, double size) noexcept
    cdef void _enter(self, double size) noexcept
    cdef void _narrow(self) noexcept
    cdef bint _comparable(self, Side side) noexcept
    cdef int follow(self, Book book, double mid) except? -1
    cdef void _walk(self, Side side, long long start, long long end, bint comes) noexcept
    cdef void _recount(self, Side side, long long end) noexcept
    cdef bint _holds(self) noexcept
    cdef int _seek(self, Side side, long long end) except? -1
    cdef double lowest_median(self) noexcept
    cpdef double median_without(self, double own)
    cdef double _ranked(self, int rank) noexcept
