"""An Azure in memory for tests: the real azure-ai-ml, azure-core and azure-storage run above it, down to HTTP.

Nothing here is proof of what the service sends. The shapes of answers are those that the clients accept, the refusals
those that Microsoft documents; `refusals.py` names their sources.

Not over HTTP, and so not here: building of workspaces, Docker, role assignments, networks, image builds. Simplified:
one region; traffic of an endpoint goes to the deployment with the largest share.
"""
