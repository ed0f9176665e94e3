"""Serving over HTTP: who may connect, who may call, and the endpoints. Begin with app.py."""
