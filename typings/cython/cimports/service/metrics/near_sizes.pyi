from service.metrics.near_sizes import *
