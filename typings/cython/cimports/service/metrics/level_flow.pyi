from service.metrics.level_flow import *
