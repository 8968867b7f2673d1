"""People in the loop: what they look at, what they answer, and the training data that follow from it."""
