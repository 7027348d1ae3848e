from service.metrics.declare import *
