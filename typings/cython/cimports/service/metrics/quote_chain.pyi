from service.metrics.quote_chain import *
