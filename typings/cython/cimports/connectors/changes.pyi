from connectors.changes import *
