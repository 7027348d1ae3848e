# C-level face of delays.py: whoever measures on a message's path counts without a Python call.

cdef class Delays:
    cdef readonly tuple bounds
    cdef long long[::1] limits
    cdef long long[::1] counts
    cdef int size
    cdef readonly long long total

    cpdef void observe(self, long long duration) noexcept
