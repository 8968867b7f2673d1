"""Jinja extensions of the template: pure functions of the answers, without any input or output of their own."""
