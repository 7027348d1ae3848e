from service.metrics.windows import *
