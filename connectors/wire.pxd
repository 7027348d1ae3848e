# C-level face of wire.py, for the modules on the hot path.

cimport cython

@cython.final
cdef class Scanner:
    cdef const unsigned char* p
    cdef bytes frame
    cdef Py_ssize_t n
    cdef public int fault
    # layout tables: nodes (objects), entries (their keys), rows (levels)
    cdef const unsigned char* keys
    cdef bytes _keys
    cdef int[::1] node_first, node_count, node_head
    cdef int[::1] key_at, key_length
    cdef int[::1] entry_slot, entry_twin, entry_rows, entry_again, entry_node, entry_next, entry_places, entry_words
    cdef int[::1] row_price, row_size, row_side, row_fixed, row_node, row_plain, row_padded
    cdef int[::1] row_count, row_signed, row_lone, row_orders
    cdef int root
    cdef list row_bid
    cdef unsigned long long[::1] tens
    # what the last scan found
    cdef public int records, levels
    cdef int[::1] starts, ends, parent
    cdef public int[::1] level_from, level_to, sides, broken
    cdef public long long[::1] price, size
    cdef public int[::1] decimals
    cdef public signed char[::1] side
    cdef public int[::1] orders
    cdef readonly bint counts
    cdef int room
    # the level being read
    cdef int price_fault, size_fault, count_fault, price_form, size_form
    cdef bint is_removed
    # the number read last
    cdef public unsigned long long mantissa
    cdef public int places, text_places
    cdef int verdict

    cpdef bint scan(self, bytes frame)
    cdef int _open_record(self, int parent) noexcept
    cdef Py_ssize_t _stop(self, Py_ssize_t i) noexcept
    cdef int _entry(self, Py_ssize_t i, int node, int last) noexcept
    cdef Py_ssize_t _object(self, Py_ssize_t i, int node, int record, int depth) noexcept
    cdef Py_ssize_t _value(self, Py_ssize_t i, int e, int record, int depth) noexcept
    cdef void _take_signed(self, Py_ssize_t i, Py_ssize_t end, int base) noexcept
    cdef Py_ssize_t _places(self, Py_ssize_t i, int node, int record, int depth) noexcept
    cdef Py_ssize_t _list(self, Py_ssize_t i, int node, int parent, int depth) noexcept
    cdef Py_ssize_t _rows(self, Py_ssize_t i, int row, int record, int depth) noexcept
    cdef Py_ssize_t _row(self, Py_ssize_t i, int row, int record, int depth) noexcept
    cdef Py_ssize_t _tuple(self, Py_ssize_t i, int row, int depth) noexcept
    cdef Py_ssize_t _part(self, Py_ssize_t i, int what, int row, int depth) noexcept
    cdef void _take_orders(self, int k) noexcept
    cdef Py_ssize_t _number(self, Py_ssize_t i) noexcept
    cdef Py_ssize_t _long_number(self, Py_ssize_t start) noexcept
    cdef Py_ssize_t _refuse(self, Py_ssize_t start, int verdict) noexcept
    cdef Py_ssize_t _rare(self, Py_ssize_t i) noexcept
    cdef Py_ssize_t _skip(self, Py_ssize_t i, int depth) noexcept
    cdef bint _spells(self, Py_ssize_t i, Py_ssize_t end, bytes word) noexcept
    cdef int _find(self, int record, int slot) noexcept
    cpdef bint has(self, int record, int slot) noexcept
    cpdef bint equals(self, int record, int slot, bytes word) noexcept
    cpdef bytes text(self, int record, int slot)
    cpdef long long integer(self, int record, int slot, long long missing) noexcept
    cpdef bint number(self, int record, int slot) noexcept
    cpdef int magnitude(self, int record, int slot) noexcept
    cpdef take_level(self, int record, bytes bid)
    cpdef long long time(self, int record) noexcept
    cdef long long _time(self, int record, int slot) noexcept
    cdef int _field(self, Py_ssize_t start, int count, int most) noexcept
    cdef long long _date(self, Py_ssize_t i, Py_ssize_t end) noexcept
