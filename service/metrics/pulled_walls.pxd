# C-level face of pulled_walls.py.

from .walls cimport Wall

cdef struct Pull:
    long long placed, pulled
    double price
    int home  # of the price, in the table below
    int place  # of the wall

cdef class PulledWalls:
    cdef long long within
    cdef readonly int count
    cdef Pull[65] pulls  # in the order of the walls' placing
    cdef list walls  # by place
    cdef int[65] vacant
    # prices of the walls of a search: how many walls stand at each
    cdef double[256] slot_price
    cdef int[256] walls_at
    cdef int[65] slot
    cdef int add(self, Wall wall) except? -1
    cdef void expire(self, long long t) noexcept
    cdef int part_with(self, int group) except? -1
    cdef void _keep_since(self, long long t) noexcept
    cdef list largest(self, long long t, int least)
    cdef int _slot(self, Pull* pull) noexcept
