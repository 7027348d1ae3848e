from service.metrics.fleeting import *
