from connectors.book import *
