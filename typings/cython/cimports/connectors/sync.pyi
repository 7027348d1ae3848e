from connectors.sync import *
