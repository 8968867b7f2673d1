"""Neural networks: training in one process or several, ONNX files. Only training needs torch, and imports it late."""
