# C-level face of walls.py.

from connectors.book cimport Book
from .declare cimport Context, Metric
from .near_sizes cimport NearSizes

cdef class Wall:
    cdef readonly int side
    cdef readonly double price, size, usual, stood, lost, traded
    cdef readonly double bought, sold, bought_then, sold_then
    cdef readonly double before, after, pulled_imbalance
    cdef readonly long long placed, pulled
    cdef int place, older, newer
    cdef readonly int group  # of layers, that it is one of

cdef class Score:
    cdef readonly double size, cancelled, life, opposite, reversal, value, taken, against

cdef Score scored(
    int side, double times, double usual, double size, double lost, double traded, long long life,
    double bought, double sold, double before, double after, double end
)

cdef class Walls:
    cdef readonly double least
    cdef readonly list fresh, settling
    cdef list places
    cdef int[1024] slots  # the first place of those whose prices meet here
    # by place: what is looked at for every level that shrinks
    cdef int[512] next
    cdef double[512] price, gone_below
    cdef int standing, oldest, newest, vacancies
    cdef int[512] vacant
    cdef Context context
    cdef Metric driver
    cdef readonly NearSizes bids, asks
    cdef double mid, imbalance
    cdef int levels
    cdef double[2] bar  # of each side: what came and is less is no wall
    cdef readonly int changed
    cpdef bint claim(self, Metric metric)
    cdef int update(self, Book book, long long t) except? -1
    cdef int _grown(self, Book book, int k, double came, long long t, double imbalance) except? -1
    cdef int _shrunk(self, int k, long long t, double imbalance) except? -1
    cdef int traded(self, double price, double size, long long t) except? -1
    cdef int _stand(
        self, int side, double price, double came, double usual, double size, long long t, double imbalance
    ) except? -1
    cdef Wall _at(self, int place)
    cdef int _leave(self, Wall wall) except? -1
    cdef int settle(self, long long t) except? -1
    cdef int forget(self) except? -1
    cdef double _leaning(self, Book book) noexcept
