# C-level face of changes.py: the book writes into it, metrics read it.

cimport cython

cdef long long rounded(long long size, long long factor) noexcept

@cython.final
cdef class Changes:
    # what was noted since the last good state
    cdef int logged, room
    cdef bint based
    cdef long long* key
    cdef long long* before
    cdef long long* after
    cdef signed char* which
    cdef int* rank
    cdef int* spare
    cdef int* ends
    cdef long long was_floor, was_ceiling
    # what it comes to
    cdef int most
    cdef readonly int count
    cdef readonly bint baseline
    cdef readonly long long total
    cdef signed char[::1] side
    cdef double[::1] price, old, new

    cdef int _log_room(self, int room) except -1
    cdef int _settled_room(self, int room) except? -1
    cdef void rebase(self) noexcept
    cdef int note(self, int side, long long key, long long before, long long after) except -1
    cdef void scale(self, long long price_factor, long long size_factor) noexcept
    cdef void coarsen(self, long long factor) noexcept
    cdef int settle(
        self, bint fresh, long long floor, long long ceiling, double price_unit, double up, double down, bint inverse
    ) except -1
    cdef bint _is_plain(self) noexcept
    cdef bint _before(self, int one, int other) noexcept
    cdef void _sort(self) noexcept
    cdef int _merge(self, int runs) noexcept
