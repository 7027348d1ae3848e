from service.grid import *
