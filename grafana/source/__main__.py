"""`make dashboards`: writes grafana/dashboards/*.json anew."""

from .board import write

write()
