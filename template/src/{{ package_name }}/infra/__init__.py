"""This project in Azure: small commands around the tools that Azure offers."""
