"""The infrastructure of this project in Azure: plan, build and remove it, and check what it needs."""
