from connectors.delays import *
