from service.metrics.taking import *
