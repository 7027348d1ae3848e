from connectors.wire import *
