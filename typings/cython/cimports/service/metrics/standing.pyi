from service.metrics.standing import *
