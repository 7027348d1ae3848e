from service.metrics.walls import *
