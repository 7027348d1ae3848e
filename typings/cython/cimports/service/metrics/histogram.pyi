from service.metrics.histogram import *
