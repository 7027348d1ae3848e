from service.metrics.markouts import *
