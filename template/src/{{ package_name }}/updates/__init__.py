"""Updates from the template as pull requests: `mlops template update` and `propose`."""
