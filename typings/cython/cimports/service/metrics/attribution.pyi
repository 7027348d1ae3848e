from service.metrics.attribution import *
