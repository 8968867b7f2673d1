"""The loop with people in Azure: queues, labels and versions of the training data lie in the data lake."""
