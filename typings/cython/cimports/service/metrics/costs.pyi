from service.metrics.costs import *
