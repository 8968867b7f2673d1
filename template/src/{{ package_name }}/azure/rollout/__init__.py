"""Endpoints: how a version takes over, is tested, taken back, parked and asked."""
