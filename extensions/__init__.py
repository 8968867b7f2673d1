"""Jinja extensions of the template: pure functions of the answers, without input or output."""
