"""The same work done the way it is usually done: what the benchmark compares Larder with."""
