from service.metrics.rolling import *
