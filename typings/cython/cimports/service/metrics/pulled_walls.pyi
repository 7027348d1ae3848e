from service.metrics.pulled_walls import *
