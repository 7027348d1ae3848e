# C-level face of logistic.py: what metrics ask with each message.

cpdef double probability(double z) noexcept
