"""From a fresh clone to working CI: `mlops bootstrap`."""
