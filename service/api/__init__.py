"""The outward side: REST, the stream, the page and the server that carries them. `ports.py` says what they read from."""
