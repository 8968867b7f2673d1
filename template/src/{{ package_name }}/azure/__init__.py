"""The project in Azure: files filled in and checked, jobs, endpoints, and what a schedule looks at."""
