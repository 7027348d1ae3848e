from service.metrics.bands import *
