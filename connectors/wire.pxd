# C-level face of wire.py, for the modules on the hot path.

cimport cython

@cython.final
cdef class Scanner:
    cdef const unsigned char* p
    cdef bytes frame
    cdef Py_ssize_t n
    cdef Py_ssize_t i
    cdef public int fault
    # layout tables: nodes (objects), entries (their keys), rows (levels)
    cdef const unsigned char* keys
    cdef bytes _keys
    cdef int[::1] node_first, node_count, node_head
    cdef int[::1] key_at, key_length
    cdef int[::1] entry_slot, entry_rows, entry_node, entry_next
    cdef int[::1] row_price, row_size, row_side, row_fixed, row_node, row_plain
    cdef list row_bid
    cdef unsigned long long[::1] tens
    # what the last scan found
    cdef public int records, levels
    cdef int[::1] starts, ends, parent
    cdef public int[::1] level_from, level_to, sides, broken
    cdef public long long[::1] price, size
    cdef public int[::1] decimals
    cdef public signed char[::1] side
    cdef int price_fault, size_fault
    # the number read last
    cdef public unsigned long long mantissa
    cdef public int places, text_places

    cpdef bint scan(self, bytes frame)
    cdef int _open_record(self, int parent) noexcept
    cdef void _space(self) noexcept
    cdef bint _is(self, int e) noexcept
    cdef int _key(self, int node, int last) noexcept
    cdef int _more(self, unsigned char closing) noexcept
    cdef bint _empty(self, unsigned char closing) noexcept
    cdef bint _object(self, int node, int record, int depth) noexcept
    cdef bint _value(self, int e, int record, int depth) noexcept
    cdef bint _list(self, int node, int parent, int depth) noexcept
    cdef bint _rows(self, int row, int record, int depth) noexcept
    cdef bint _row_list(self, int row, int record, int depth) noexcept
    cdef bint _row_object(self, int row, int record, int depth) noexcept
    cdef void _begin_level(self, int row) noexcept
    cdef bint _part_of_level(self, int row, int what, int depth) noexcept
    cdef bint _end_level(self, int record) noexcept
    cdef int _number(self) noexcept
    cdef int _long_number(self) noexcept
    cdef int _refuse(self, Py_ssize_t start, int fault) noexcept
    cdef bint _string(self) noexcept
    cdef bint _skip(self, int depth) noexcept
    cdef bint _literal(self) noexcept
    cdef int _find(self, int record, int slot) noexcept
    cpdef bint has(self, int record, int slot) noexcept
    cpdef bint equals(self, int record, int slot, bytes word) noexcept
    cpdef bytes text(self, int record, int slot)
    cpdef long long integer(self, int record, int slot, long long missing) noexcept
    cpdef bint number(self, int record, int slot) noexcept
    cpdef long long time(self, int record) noexcept
    cdef long long _time(self, int record, int slot) noexcept
    cdef long long _digits(self, Py_ssize_t start, int count) noexcept
    cdef long long _date(self, Py_ssize_t start, Py_ssize_t end) noexcept
