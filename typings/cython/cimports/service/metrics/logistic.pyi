from service.metrics.logistic import *
