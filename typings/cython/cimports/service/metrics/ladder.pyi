from service.metrics.ladder import *
