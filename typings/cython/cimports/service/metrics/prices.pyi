from service.metrics.prices import *
