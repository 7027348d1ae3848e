"""The service: connectors in, metrics over them, readings out by REST, WebSocket, Prometheus and a page."""
