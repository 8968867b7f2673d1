"""Jobs and the models that they make: submitted, followed, registered, promoted, staged."""
